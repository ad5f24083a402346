import { WebhookInput, WebhookOutcome } from '@inforiver-mail/contract/webhook'
import { expect, it } from 'vitest'
import { inputFault } from '../api/input-fault.ts'
import { hostOf, outcomeRemedy, outcomeText, waitingText } from './webhook-text.ts'

it('says what became of a request, with the status if there was an answer', () => {
  expect(outcomeText({ outcome: 'delivered', status: 204 })).toBe('Delivered (status 204)')
  expect(outcomeText({ outcome: 'timed-out', status: null })).toBe('No answer within 10 seconds')
})

it('says what to do about every outcome except success', () => {
  const without = WebhookOutcome.options.filter((outcome) => outcomeRemedy({ outcome }) === null)

  expect(without).toEqual(['delivered'])
})

it.each([
  [0, null],
  [1, '1 alert is yet to be delivered'],
  [3, '3 alerts are yet to be delivered'],
])('counts %s alerts that are still to be delivered', (waiting, text) => {
  expect(waitingText({ waiting })).toBe(text)
})

it.each([
  ['', 'An address that begins with https:// is needed.'],
  ['http://hooks.contoso.com', 'An address that begins with https:// is needed.'],
  ['https://ada:secret@hooks.contoso.com', 'No user name and no password in the address.'],
  ['https://hooks.contoso.com/alerts', null],
])('says what is wrong with the address %j: %j', (url, fault) => {
  expect(inputFault(WebhookInput, { url })).toBe(fault)
})

it('names a webhook by its host', () => {
  expect(hostOf('https://hooks.contoso.com:8443/services/secret')).toBe('hooks.contoso.com:8443')
})
