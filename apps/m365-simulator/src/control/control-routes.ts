import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { EntraError } from '../entra/aadsts.ts'
import { readScopes } from '../entra/client.ts'
import { issueAccessToken, issueApplicationToken, issueRefreshToken } from '../entra/issue-tokens.ts'
import { PRESETS } from '../faults/presets.ts'
import { AffectedEndpoint, Effect, Occurrence } from '../faults/scenario.ts'
import { readJson } from '../http/body.ts'
import { refuseForeignOrigin } from '../http/pages.ts'
import { NewReport, placeReport } from '../mail/bounce.ts'
import { listMailboxes, visibleMessage } from '../mail/mailbox-view.ts'
import type { Simulation } from '../simulation/simulation.ts'
import { LOG_ENTRIES } from '../simulation/traffic.ts'
import { APPLICATION_PERMISSION_NAMES, findAddressee, type Permission, type Person } from '../tenant/directory.ts'
import { isVisible, rightsOf } from '../tenant/store.ts'

const Scenario = z.union([
  z.strictObject({
    name: z.string().refine((name) => PRESETS.has(name), 'no scenario has that name'),
    /** Takes the place of the endpoint that the preset has. */
    endpoint: AffectedEndpoint.exactOptional(),
    ...Occurrence,
  }),
  z.strictObject({ effect: Effect, ...Occurrence }),
])
const Settings = z.record(z.string(), z.unknown())
const RightsChange = z.strictObject({
  address: z.string(),
  person: z.string(),
  sendAs: z.boolean().exactOptional(),
  sendOnBehalf: z.boolean().exactOptional(),
  fullAccess: z.boolean().exactOptional(),
})
const Revocation = z.strictObject({ accessTokens: z.boolean().default(false) }).default({ accessTokens: false })
const PersonTokens = z.strictObject({ scopes: z.array(z.string().min(1)).min(1).max(20) })
const ApplicationTokens = z.strictObject({ permissions: z.array(z.enum(APPLICATION_PERMISSION_NAMES)).min(1) })
const ArrivalsQuery = z.strictObject({ property: z.string().max(500).default('') })
const Page = z.strictObject({
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(1000).default(200),
})
const MessageQuery = Page.extend({
  folder: z.enum(['inbox', 'sentItems', 'drafts', 'deletedItems']).optional(),
  subject: z.string().max(1000).optional(),
})
const LogQuery = Page.extend({ limit: z.coerce.number().int().min(1).max(LOG_ENTRIES).default(LOG_ENTRIES) })

class NotFound extends Error {}

/** `/control`, in JSON, for tests and the launcher; README.md documents it. */
export async function controlRoutes(app: FastifyInstance, simulation: Simulation): Promise<void> {
  const { index, registration, scenarios, settings, store, clock } = simulation
  const { traffic, arrivals, uploads, traces, delta, quotas } = simulation
  app.addHook('onRequest', refuseForeignOrigin)
  app.setErrorHandler((error, _request, reply) => {
    const isNotFound = error instanceof NotFound
    if (error instanceof z.ZodError) return reply.code(400).send({ error: z.prettifyError(error) })
    if (isNotFound || error instanceof EntraError)
      return reply.code(isNotFound ? 404 : 400).send({ error: error.message })
    throw error
  })

  type Parameters = Readonly<Record<'id' | 'person' | 'address', string>>
  /** Answers what `act` returns, and 204 where that is nothing. */
  const route = (
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    url: string,
    act: (request: FastifyRequest, parameters: Parameters) => unknown,
  ): void => {
    app.route({
      method,
      url,
      async handler(request, reply) {
        const answer = await act(request, request.params as Parameters)
        return answer === undefined ? reply.code(204).send() : answer
      },
    })
  }

  route('GET', '/scenarios', () => ({ active: scenarios.active() }))
  route('POST', '/scenarios', (request) => {
    const wanted = Scenario.parse(readJson(request))
    if ('effect' in wanted) return scenarios.add({ ...wanted, name: null })
    const { endpoint, ...scenario } = wanted
    const { effect } = required(PRESETS.get(scenario.name), 'scenario')
    if (endpoint !== undefined && effect.kind !== 'http') throw new NotFound('That scenario has no endpoint.')
    const moved = endpoint === undefined ? effect : { ...effect, endpoint }
    return scenarios.add({ ...scenario, effect: moved })
  })
  route('DELETE', '/scenarios', () => scenarios.remove())
  route('DELETE', '/scenarios/:id', (_request, { id }) => scenarios.remove([id]))

  route('GET', '/settings', () => settings.current)
  route('PATCH', '/settings', (request) => {
    settings.change(Settings.parse(readJson(request)))
    return settings.current
  })

  /** @param name an oid, an address or a sign-in name */
  const findPerson = (name: string): Person => {
    const addressee = findAddressee(name, index)
    return required(addressee?.kind === 'person' ? addressee.person : undefined, 'person')
  }
  route('POST', '/people/:person/revoke-tokens', (request, { person }) => {
    const { accessTokens } = Revocation.parse(readJson(request))
    const { oid } = findPerson(person)
    const atMs = clock().getTime() + 1
    store.commit({ type: 'refresh-tokens-revoked', oid, atMs })
    if (accessTokens) store.commit({ type: 'access-tokens-revoked', oid, atMs })
  })
  route('POST', '/people/:person/remove-consents', (_request, { person }) =>
    store.commit({ type: 'user-consent-removed', oid: findPerson(person).oid }),
  )
  route('POST', '/people/:person/tokens', async (request, { person }) => {
    const asked = readScopes(PersonTokens.parse(readJson(request)).scopes.join(' '), registration)
    const { oid, membership } = findPerson(person)
    // Entra issues no tokens here for an account of another tenant.
    if (membership === 'stranger') throw new NotFound('There is no such person.')
    const scopes = [...new Set<Permission>([...asked.scopes, 'offline_access'])]
    store.commit({ type: 'user-consented', oid, scopes })
    const { accessToken, expiresIn } = await issueAccessToken(oid, simulation)
    return { accessToken, refreshToken: issueRefreshToken(oid, scopes, simulation), expiresIn }
  })
  route('POST', '/application/tokens', async (request) => {
    const { permissions } = ApplicationTokens.parse(readJson(request))
    store.commit({ type: 'application-consented', permissions })
    const { accessToken, expiresIn } = await issueApplicationToken(simulation)
    return { accessToken, expiresIn }
  })
  route('PUT', '/rights', (request) => {
    const { address: name, person, ...changed } = RightsChange.parse(readJson(request))
    const { oid } = findPerson(person)
    const address = required(index.byAddress(name), 'mailbox').address.toLowerCase()
    const rights = { ...rightsOf(store.state, index, address, oid), ...changed }
    store.commit({ type: 'rights-set', address, oid, rights })
  })
  route('GET', '/tenant-consents', () => ({
    scopes: [...store.state.tenantConsents],
    applicationPermissions: [...store.state.applicationConsents],
  }))
  route('DELETE', '/tenant-consents', () => store.commit({ type: 'tenant-consent-removed' }))

  route('GET', '/mailboxes', () => listMailboxes(simulation))
  route('GET', '/mailboxes/:address/messages', ({ query }, { address }) => {
    const { folder, subject, after, limit } = MessageQuery.parse(query)
    const nowMs = clock().getTime()
    const items = [...(store.state.mailboxes.get(address.toLowerCase())?.values() ?? [])].filter(
      (item) =>
        item.sequence > after &&
        (folder === undefined || item.folder === folder) &&
        (subject === undefined || item.message.subject === subject) &&
        isVisible(item, nowMs),
    )
    return { items: items.slice(0, limit).map((item) => visibleMessage(item)), total: items.length }
  })
  route('POST', '/mailboxes/:address/reports', (request, { address }) =>
    placeReport({ ...NewReport.parse(readJson(request)), mailbox: address }, simulation),
  )
  const expireDeltaTokens = () => void (delta.generation = randomUUID())
  route('DELETE', '/delta-tokens', expireDeltaTokens)

  route('GET', '/counters', () => traffic.counters())
  route('DELETE', '/counters', () => traffic.reset())
  route('GET', '/arrivals', ({ query }) => arrivals.report(ArrivalsQuery.parse(query).property))
  route('DELETE', '/arrivals', () => arrivals.reset())
  route('GET', '/uploads', ({ query }) => {
    const { after, limit } = Page.parse(query)
    return uploads.list(after, limit, clock().getTime())
  })
  route('GET', '/traces', () => traces.report())
  route('GET', '/log', ({ query }) => {
    const { after, limit } = LogQuery.parse(query)
    return { items: traffic.log(after, limit) }
  })
  route('POST', '/reset', () => {
    expireDeltaTokens()
    for (const part of [uploads, store, quotas, arrivals, traces, settings, traffic]) part.reset()
    scenarios.remove()
  })
}

/** @throws NotFound */
function required<Value>(value: Value | undefined, what: string): Value {
  if (value === undefined) throw new NotFound(`There is no such ${what}.`)
  return value
}
