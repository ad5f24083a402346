import { expect, it } from 'vitest'
import { deliveryCause, QUOTA_CODES } from './delivery-cause.ts'
import { explainDelivery, explainDeliveryCode } from './delivery-text.ts'
import { deliveries } from './language/en/deliveries.ts'

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
  for (const text of Object.values(deliveries)) expect(text).toMatch(/^[A-Z].*\. [A-Z].*\.$/)
  expect(explainDeliveryCode('5.1.10')).toBe(
    'There is no mailbox with this address. Check the address and have the service send the message again.',
  )
})

it('names the codes of used-up limits', () => {
  expect(QUOTA_CODES).toEqual(['5.1.90', '5.7.232', '5.7.233', '5.7.236'])
})

it('says who releases what is in quarantine, and where, without a code', () => {
  expect(explainDelivery('quarantined', null)).toContain('releases it in the Microsoft Defender portal (https://')
  expect(explainDelivery('delivered', null)).toBeNull()
  expect(explainDelivery('failed', '5.1.10')).toBe(explainDeliveryCode('5.1.10'))
})
