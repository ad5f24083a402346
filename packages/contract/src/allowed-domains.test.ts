import { expect, it } from 'vitest'
import { AllowedDomains, DomainName, isAllowedRecipient } from './allowed-domains.ts'
import { fault } from './fault-text.ts'

const faultsOf = (domains: unknown) => AllowedDomains.safeParse(domains).error?.issues.map(({ message }) => message)

it.each([
  [
    ['Contoso.com', '*.MÜLLER.de', 'contoso.com'],
    ['contoso.com', '*.xn--mller-kva.de'],
  ],
  [['*.local'], ['*.local']],
  [[], []],
  [[`*.${'a'.repeat(61)}.${'b.'.repeat(94)}de`], [`*.${'a'.repeat(61)}.${'b.'.repeat(94)}de`]],
])('spells %j alike, each once', (domains, spelled) => {
  expect(AllowedDomains.parse(domains)).toEqual(spelled)
})

it.each([
  [undefined, fault('domain-list')],
  [[5], fault('domain-needed')],
  [['a'.repeat(256)], fault('domain-too-long')],
  [['a b.example'], fault('domain-or-below')],
  [['x@a.example'], fault('domain-or-below')],
  [['contoso.*'], fault('domain-or-below')],
  [['*contoso.com'], fault('domain-or-below')],
  [['*.'], fault('domain-or-below')],
  [['local'], fault('domain-or-below')],
  [Array(101).fill('a.example'), fault('too-many-domains', { max: 100 })],
])('refuses %j', (domains, message) => {
  expect(faultsOf(domains)?.[0]).toBe(message)
})

it('takes a hundred domains', () => {
  expect(AllowedDomains.parse(Array(100).fill('a.example'))).toEqual(['a.example'])
})

it.each([
  ['Contoso.com', 'contoso.com'],
  ['MÜLLER.de', 'xn--mller-kva.de'],
])('knows the domain %s as %s', (domain, spelled) => expect(DomainName.parse(domain)).toBe(spelled))

it.each([
  [null, fault('domain-needed')],
  ['a'.repeat(254), fault('domain-too-long')],
  ['*.contoso.com', fault('domain-alone')],
])('takes %j for no domain alone', (domain, message) => {
  expect(DomainName.safeParse(domain).error?.issues[0]?.message).toBe(message)
})

const RULES = ['contoso.com', '*.fabrikam.com', 'xn--mller-kva.de']

it.each([
  ['max@contoso.com', RULES, true],
  ['MAX@CONTOSO.COM', RULES, true],
  ['"a@b"@contoso.com', RULES, true],
  ['max@müller.de', RULES, true],
  ['c@sub.fabrikam.com', RULES, true],
  ['d@fabrikam.com', RULES, false],
  ['e@evilfabrikam.com', RULES, false],
  ['a@evilcontoso.com', RULES, false],
  ['b@sub.contoso.com', RULES, false],
  ['a@contoso.com.evil.example', RULES, false],
  ['a@\u00ad', RULES, false],
  ['anybody@anywhere.example', [], true],
])('judges %s beside %j: %s', (address, rules, isAllowed) => {
  expect(isAllowedRecipient(address, rules)).toBe(isAllowed)
})
