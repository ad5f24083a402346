import { expect, it } from 'vitest'
import { domainOf, EmailAddress, trimAddress } from './email-address.ts'

it.each([
  ['spaces', '  reports@contoso.com '],
  ['spaces that do not break', '\u00A0reports@contoso.com\u202F'],
  ['line ends and tabs', '\treports@contoso.com\r\n'],
  ['marks that cannot be seen', '\u200Breports@contoso.com\uFEFF'],
])('removes %s around an address', (_what, text) => {
  expect(trimAddress(text)).toBe('reports@contoso.com')
})

it.each(['Ada <a@b.example>', '<a@b.example>', 'Ada <a>'])('asks for the address alone in place of %s', (written) => {
  expect(EmailAddress.safeParse(written).error?.issues[0]?.message).toBe(
    'Enter only the address, without a name, quotes or brackets.',
  )
})

it.each([
  'ada',
  'ada@contoso',
  '@contoso.com',
  ' ada@contoso.com',
  'a@b.com\nBcc: c@d.com',
  `${'a'.repeat(65)}@contoso.com`,
  `a@${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}.${'e'.repeat(60)}.${'f'.repeat(20)}.com`,
])('refuses %j', (written) => {
  expect(EmailAddress.safeParse(written).success).toBe(false)
})

it('leaves alone what is inside', () => {
  expect(trimAddress('reports @contoso.com')).toBe('reports @contoso.com')
})

it.each([
  ['reports@Contoso.COM', 'contoso.com'],
  ['"a@b"@contoso.com', 'contoso.com'],
])('finds the domain of %s, in lower case', (address, domain) => {
  expect(domainOf(address)).toBe(domain)
})
