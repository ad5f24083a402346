import { domainToASCII } from 'node:url'
import type { CloudName } from '@inforiver-mail/m365/clouds'
import { found, type Outcome } from './run-checks.ts'

/** The part of `node:dns/promises` that is used. */
export interface DnsResolver {
  resolve4(name: string): Promise<string[]>
  resolveCname(name: string): Promise<string[]>
  resolveTxt(name: string): Promise<string[][]>
}

/** Shows whether names of the internet can be resolved at all. */
const KNOWN_NAME = 'microsoft.com'
const INITIAL_DOMAIN = /\.(onmicrosoft\.(com|us)|partner\.onmschina\.cn)$/

/** Source: Microsoft, "Set up SPF to identify valid email sources"; those of the national clouds from the same page. */
const SPF_HOSTS: Readonly<Record<CloudName, string>> = {
  global: 'spf.protection.outlook.com',
  'gcc-high': 'spf.protection.office365.us',
  dod: 'spf.protection.office365.us',
  china: 'spf.protection.partner.outlook.cn',
}
const SELECTORS = ['selector1', 'selector2']
const MAX_SPF_LOOKUPS = 10 // RFC 7208 section 4.6.4

/**
 * Looks up what lets receivers trust mail from the domain of a sender: SPF, DKIM and DMARC. Nothing of it is needed to
 * send, so whatever is missing only warns. `null`: no sender is configured.
 */
export async function checkSenderDomain(
  sender: string | null,
  { resolver, cloud }: { resolver: DnsResolver; cloud: CloudName },
): Promise<Outcome> {
  if (sender === null) return found('not-connected')
  const domain = domainToASCII(sender.slice(sender.lastIndexOf('@') + 1)).toLowerCase()
  if (INITIAL_DOMAIN.test(domain)) return found('domain-onmicrosoft', { domain })
  const known = look(() => resolver.resolve4(KNOWN_NAME))
  const [spf, dkim, dmarc] = await Promise.all([
    findSpf(domain, SPF_HOSTS[cloud], resolver),
    Promise.all(SELECTORS.map((selector) => findDkim(`${selector}._domainkey.${domain}`, resolver))),
    findDmarc(domain, resolver),
  ])
  const resolved = await known
  if (!Array.isArray(resolved)) return found('dns-not-usable', { name: KNOWN_NAME })
  const records = [
    { name: `SPF (include:${SPF_HOSTS[cloud]})`, presence: spf },
    ...SELECTORS.map((selector, index) => ({
      name: `DKIM (${selector}._domainkey)`,
      presence: dkim[index] ?? 'unknown',
    })),
    { name: 'DMARC (_dmarc)', presence: dmarc },
  ]
  const namesOf = (presence: Presence) =>
    records.filter((record) => record.presence === presence).map(({ name }) => name)
  const [missing, unknown] = [namesOf('missing'), namesOf('unknown')]
  if (missing.length > 0) return found('domain-incomplete', { domain, missing, unknown })
  if (unknown.length > 0) return found('domain-not-answered', { domain, unknown })
  return found('domain-authenticated', { domain })
}

/** `unknown`: the name server did not say. */
type Presence = 'there' | 'missing' | 'unknown'

/** Follows `include` and `redirect` until Microsoft's own record is named. */
async function findSpf(domain: string, spfHost: string, resolver: DnsResolver): Promise<Presence> {
  const waiting = [domain]
  let unknown = false
  for (let lookups = 0; waiting.length > 0 && lookups <= MAX_SPF_LOOKUPS; lookups++) {
    const records = await look(() => resolver.resolveTxt(waiting.shift() ?? ''))
    if (records === 'unknown') unknown = true
    if (!Array.isArray(records)) continue
    const policies = records.map((parts) => parts.join('')).filter((text) => /^v=spf1( |$)/i.test(text))
    // More than one record is an error for receivers (RFC 7208 section 4.5).
    const [policy, second] = policies
    if (policy === undefined || second !== undefined) continue
    const named = [...policy.matchAll(/\s[+]?(?:include:|redirect=)(\S+)/gi)].map(([, name = '']) => name.toLowerCase())
    if (named.includes(spfHost)) return 'there'
    waiting.push(...named.filter((name) => !name.includes('%')))
  }
  return unknown ? 'unknown' : 'missing'
}

/** Microsoft has the selectors as aliases of its own names; another signer may publish the key itself. */
async function findDkim(name: string, resolver: DnsResolver): Promise<Presence> {
  const [alias, key] = await Promise.all([
    look(() => resolver.resolveCname(name)),
    look(() => resolver.resolveTxt(name)),
  ])
  if (alias.length > 0 && Array.isArray(alias)) return 'there'
  if (Array.isArray(key)) return key.some((parts) => /(^|;)\s*p=/i.test(parts.join(''))) ? 'there' : 'missing'
  return alias === 'missing' && key === 'missing' ? 'missing' : 'unknown'
}

/** A domain without a policy takes that of a domain above it (RFC 7489 section 6.6.3, by walking up the tree). */
async function findDmarc(domain: string, resolver: DnsResolver): Promise<Presence> {
  const labels = domain.split('.')
  let unknown = false
  for (let depth = 0; depth <= labels.length - 2; depth++) {
    const records = await look(() => resolver.resolveTxt(`_dmarc.${labels.slice(depth).join('.')}`))
    if (records === 'unknown') unknown = true
    if (Array.isArray(records) && records.some((parts) => /^v=DMARC1\s*(;|$)/i.test(parts.join('')))) return 'there'
  }
  return unknown ? 'unknown' : 'missing'
}

const NO_SUCH_RECORD: ReadonlySet<unknown> = new Set(['ENOTFOUND', 'ENODATA'])

async function look<Records extends readonly unknown[]>(
  lookUp: () => Promise<Records>,
): Promise<Records | Exclude<Presence, 'there'>> {
  try {
    return await lookUp()
  } catch (error) {
    return NO_SUCH_RECORD.has((error as NodeJS.ErrnoException).code) ? 'missing' : 'unknown'
  }
}
