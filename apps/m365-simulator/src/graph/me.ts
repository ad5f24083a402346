import type { Person } from '../directory/directory.ts'
import { type GraphError, graphError } from './graph-error.ts'

/** What an answer without `$select` contains. */
const DEFAULT_PROPERTIES = [
  'businessPhones',
  'displayName',
  'givenName',
  'jobTitle',
  'mail',
  'mobilePhone',
  'officeLocation',
  'preferredLanguage',
  'surname',
  'userPrincipalName',
  'id',
]

type MeAnswer =
  | { readonly kind: 'user'; readonly user: Record<string, unknown> }
  | { readonly kind: 'refused'; readonly error: GraphError }

export function readMe(person: Person, query: URLSearchParams, graphBaseUrl: string): MeAnswer {
  for (const name of query.keys()) {
    // An option without `$` is ignored, as any parameter the service does not know.
    if (name.startsWith('$') && name !== '$select') return refuse(`The query option '${name}' is not supported here.`)
  }
  const select = query.get('$select')
  const names = select === null ? DEFAULT_PROPERTIES : select.split(',').map((name) => name.trim())
  const properties = propertiesOf(person)
  const unknown = names.find((name) => !Object.hasOwn(properties, name))
  if (unknown !== undefined)
    return refuse(`Could not find a property named '${unknown}' on type 'microsoft.graph.user'.`)
  const selection = select === null ? '' : `(${names.join(',')})`
  return {
    kind: 'user',
    user: {
      '@odata.context': `${graphBaseUrl}/v1.0/$metadata#users${selection}/$entity`,
      ...Object.fromEntries(names.map((name) => [name, properties[name]])),
    },
  }
}

function propertiesOf(person: Person): Record<string, unknown> {
  return {
    id: person.oid,
    accountEnabled: true,
    businessPhones: [],
    displayName: person.displayName,
    givenName: person.givenName,
    jobTitle: null,
    mail: person.mail,
    mailNickname: person.givenName.toLowerCase(),
    mobilePhone: null,
    officeLocation: null,
    otherMails: person.membership === 'guest' && person.mail !== null ? [person.mail] : [],
    preferredLanguage: null,
    proxyAddresses: person.proxyAddresses,
    surname: person.surname,
    userPrincipalName: person.userPrincipalName,
    userType: person.membership === 'guest' ? 'Guest' : 'Member',
  }
}

function refuse(message: string): MeAnswer {
  return { kind: 'refused', error: graphError(400, 'BadRequest', message) }
}
