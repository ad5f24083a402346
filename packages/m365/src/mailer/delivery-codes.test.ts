import { expect, it } from 'vitest'
import { readDeliveryCode } from './delivery-codes.ts'

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
