import type { Variables } from './environment-files.ts'
import { Environment, SECRETS } from './environment.ts'

const KNOWN = [...Environment.keyof().options, ...SECRETS.map((name) => `${name}_FILE`)]
/** With these, a name was meant for this product, or its operator believes so. */
const PREFIXES = [
  'AZURE_CLIENT_',
  'DELIVERY_REPORTS_',
  'INFORIVER_',
  'M365_',
  'MAILBOX_',
  'SMTP_',
  'VAULT_KEYS_',
  'WEBHOOK_',
  'WORKSPACE_',
]
/** Close to a name of ours, but every system knows these. */
const OF_OTHERS: ReadonlySet<string> = new Set(['HTTP_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'])
/** What Kubernetes adds for each service of the namespace, such as INFORIVER_MAIL_PORT=tcp://10.0.0.1:80. */
const SERVICE_LINK = /_SERVICE_(HOST|PORT)(_|$)|_PORT_\d+_(TCP|UDP)/
/** In a shorter name, two changed letters make another word. */
const LONG_NAME = 8
const MAX_EDITS = 2
const MAX_NAMED = 20

/** Finds set variables that look like ours and are not, and so have no effect. Returns a sentence about each. */
export function findUnknownVariables(variables: Variables): string[] {
  const names = Object.keys(variables).filter((name) => !KNOWN.includes(name) && !OF_OTHERS.has(name))
  return names
    .flatMap((name) => {
      if (SERVICE_LINK.test(name) || /^(tcp|udp):\/\//.test(variables[name] ?? '')) return []
      const near = nearest(name.toUpperCase())
      if (near === null && !PREFIXES.some((prefix) => name.startsWith(prefix))) return []
      const remedy = near === null ? 'docs/configuration.md lists the variables' : `it may be meant as ${near}`
      return [`${name} is no variable of Inforiver Mail and has no effect: ${remedy}`]
    })
    .toSorted()
    .slice(0, MAX_NAMED)
}

function nearest(name: string): string | null {
  if (name.length < LONG_NAME) return null
  const [best] = KNOWN.filter((known) => Math.abs(known.length - name.length) <= MAX_EDITS)
    .map((known) => ({ known, edits: editsBetween(name, known) }))
    .toSorted((one, other) => one.edits - other.edits)
  if (best && best.edits <= MAX_EDITS) return best.known
  return KNOWN.find((known) => known.length >= LONG_NAME && continues(name, known)) ?? null
}

/** A word too many or too few at the end, such as AZURE_CLIENT_CERTIFICATE without _PATH. */
function continues(one: string, other: string): boolean {
  return one.startsWith(`${other}_`) || other.startsWith(`${one}_`)
}

/** The Levenshtein distance. */
function editsBetween(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, column) => column)
  for (let line = 0; line < one.length; line++) {
    const before = row
    row = [line + 1]
    for (let column = 0; column < other.length; column++) {
      const exchanged = (before[column] ?? 0) + (one[line] === other[column] ? 0 : 1)
      row.push(Math.min((row[column] ?? 0) + 1, (before[column + 1] ?? 0) + 1, exchanged))
    }
  }
  return row.at(-1) ?? 0
}
