import { DELIVERY_CAUSES, deliveryCause, QUOTA_CODES } from '@inforiver-mail/contract/delivery-cause'
import { expect, it } from 'vitest'
import { DELIVERY_MEANINGS, explainDeliveryCode, readDeliveryCode } from './delivery-codes.ts'

it.each([
  ['5.1.10', 'no-such-mailbox'],
  ['5.7.135', 'senders-limited'],
  ['5.7.606', 'sender-banned'],
  ['5.7.649', 'sender-banned'],
  ['5.7.650', 'other-policy'],
  ['4.7.500', 'tenant-throttled'],
  ['4.7.700', 'other-temporary'],
  ['5.1.99', 'other-address'],
  ['5.9.1', 'other-permanent'],
] as const)('finds what %s means, by range and else by class', (code, cause) => {
  expect(deliveryCause(code)).toBe(cause)
})

it('says for each cause in sentences what happened and what to do', () => {
  expect(Object.keys(DELIVERY_MEANINGS)).toEqual(DELIVERY_CAUSES)
  for (const { meaning, remedy } of Object.values(DELIVERY_MEANINGS)) {
    expect(meaning).toMatch(/^[A-Z].*\.$/)
    expect(remedy).toMatch(/^[A-Z].*\.$/)
  }
  expect(explainDeliveryCode('5.1.10')).toBe(
    'There is no mailbox with this address. Check the address and have the service send the message again.',
  )
})

it('names the codes of used-up limits', () => {
  expect(QUOTA_CODES).toEqual(['5.1.90', '5.7.232', '5.7.233', '5.7.236'])
})

it.each([
  ['550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found', '5.1.10', '5.1.10'],
  ['550 5.0.350 Remote server returned an error -> 550 5.1.1 unknown (see 5.7.1)', '5.0.350', '5.1.1'],
  ['550 5.7.350 Remote server returned message detected as spam -> 554 blocked', '5.7.350', '5.7.350'],
  ['550 5.0.350 said 552-5.2.2 The mailbox is over quota', '5.0.350', '5.2.2'],
  ['smtp; 550 no such user here', '5.0.0', '5.0.0'],
  ['[{LED=550 5.7.233 limit};{FQDN=a.b};{IP=5.1.10.3};{LRT=11/20}]', null, '5.7.233'],
  ['250 2.1.5 RESOLVER.GRP.Expanded', null, null],
  ['delivered by 15.20.5.1 from 5.1.10.3', null, null],
])('reads the code of "%s"', (text, status, code) => {
  expect(readDeliveryCode(text, status)).toBe(code)
})
