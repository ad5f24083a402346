import { expect, it } from 'vitest'
import { checkSenderDomain, type DnsResolver } from './sender-domain-check.ts'

type Records = Readonly<Record<string, string | readonly string[] | Error>>

/** A name server with these records, each `TYPE name`. */
function resolverWith(records: Records): DnsResolver {
  const resolve = async (type: string, name: string): Promise<string[]> => {
    const known: Records = { 'A microsoft.com': '20.236.44.162', ...records }
    const found = known[`${type} ${name}`]
    if (found === undefined) throw Object.assign(new Error('not found'), { code: 'ENOTFOUND' })
    if (found instanceof Error) throw found
    return typeof found === 'string' ? [found] : [...found]
  }
  return {
    resolve4: (name) => resolve('A', name),
    resolveCname: (name) => resolve('CNAME', name),
    resolveTxt: async (name) => (await resolve('TXT', name)).map((text) => [text]),
  }
}

const failing = (code: string) => Object.assign(new Error(code), { code })
const COMPLETE: Records = {
  'TXT contoso.com': ['MS=ms123', 'v=spf1 include:spf.protection.outlook.com -all'],
  'CNAME selector1._domainkey.contoso.com': 'selector1-contoso-com._domainkey.contoso.onmicrosoft.com',
  'CNAME selector2._domainkey.contoso.com': 'selector2-contoso-com._domainkey.contoso.onmicrosoft.com',
  'TXT _dmarc.contoso.com': 'v=DMARC1; p=reject',
}
const check = (records: Records, sender: string | null = 'reports@contoso.com') =>
  checkSenderDomain(sender, { resolver: resolverWith(records), cloud: 'global' })

it('finds SPF, both DKIM selectors and DMARC', async () => {
  expect(await check(COMPLETE)).toEqual({ code: 'domain-authenticated', values: { domain: 'contoso.com' } })
})

it('names everything that is missing', async () => {
  expect(await check({})).toMatchObject({
    code: 'domain-incomplete',
    values: {
      missing: [
        'SPF (include:spf.protection.outlook.com)',
        'DKIM (selector1._domainkey)',
        'DKIM (selector2._domainkey)',
        'DMARC (_dmarc)',
      ],
    },
  })
})

it.each<[string, Records, string]>([
  ['an SPF that does not name Microsoft', { 'TXT contoso.com': 'v=spf1 ip4:192.0.2.1 -all' }, 'SPF'],
  ['two SPF records', { 'TXT contoso.com': [COMPLETE['TXT contoso.com'], 'v=spf1 -all'].flat() as string[] }, 'SPF'],
  ['a selector that is missing', { 'CNAME selector2._domainkey.contoso.com': failing('ENODATA') }, 'DKIM (selector2'],
  ['another text at _dmarc', { 'TXT _dmarc.contoso.com': 'v=spf1 -all' }, 'DMARC'],
])('warns of %s', async (_, records, missing) => {
  expect(await check({ ...COMPLETE, ...records })).toMatchObject({
    code: 'domain-incomplete',
    values: { missing: [expect.stringContaining(missing)] },
  })
})

it('follows the SPF of others, which may name each other in circles', async () => {
  const nested = {
    'TXT contoso.com': 'v=spf1 include:_spf.contoso.com include:a.example ~all',
    'TXT a.example': 'v=spf1 include:contoso.com ~all',
    'TXT _spf.contoso.com': 'v=spf1 redirect=spf.protection.outlook.com',
  }

  expect(await check({ ...COMPLETE, ...nested })).toMatchObject({ code: 'domain-authenticated' })
  expect(await check({ ...COMPLETE, ...nested, 'TXT _spf.contoso.com': 'v=spf1 -all' })).toMatchObject({
    code: 'domain-incomplete',
  })
})

it('takes a key that another signer publishes for DKIM, and the DMARC of a domain above', async () => {
  const records = {
    'TXT mail.contoso.com': COMPLETE['TXT contoso.com'] ?? '',
    'TXT selector1._domainkey.mail.contoso.com': 'v=DKIM1; k=rsa; p=MIIB',
    'TXT selector2._domainkey.mail.contoso.com': 'v=DKIM1; k=rsa; p=MIIB',
    'TXT _dmarc.contoso.com': 'v=DMARC1; p=none',
  }

  expect(await check(records, 'reports@mail.contoso.com')).toMatchObject({ code: 'domain-authenticated' })
})

it.each(['contoso.onmicrosoft.com', 'contoso.onmicrosoft.us', 'contoso.partner.onmschina.cn'])(
  'warns of the limit of %s, without asking',
  async (domain) => {
    expect(await check({}, `reports@${domain}`)).toEqual({ code: 'domain-onmicrosoft', values: { domain } })
  },
)

it('asks for an internationalised domain by its ASCII name', async () => {
  expect(await check({}, 'berichte@müller.example')).toMatchObject({ values: { domain: 'xn--mller-kva.example' } })
})

it.each(['ECONNREFUSED', 'ETIMEOUT', 'ENOTFOUND', 'EAI_AGAIN'])(
  'says nothing about the domain where not even microsoft.com can be resolved (%s)',
  async (code) => {
    expect(await check({ 'A microsoft.com': failing(code) })).toMatchObject({ code: 'dns-not-usable' })
  },
)

it('does not take a record for missing that the name server did not answer for', async () => {
  expect(await check({ ...COMPLETE, 'TXT _dmarc.contoso.com': failing('ESERVFAIL') })).toMatchObject({
    code: 'domain-not-answered',
    values: { unknown: ['DMARC (_dmarc)'] },
  })
})

it('asks nothing without a sender', async () => {
  expect(await check({}, null)).toMatchObject({ code: 'not-connected' })
})
