import { WebhookOutcome } from '@inforiver-mail/contract/webhook'
import { expect, it } from 'vitest'
import { hostOf, outcomeRemedy, outcomeWords, urlFault, waitingWords } from './webhook-words.ts'

it('says what became of a request, with the status where there was one', () => {
  expect(outcomeWords({ outcome: 'delivered', status: 204 })).toBe('Delivered (status 204)')
  expect(outcomeWords({ outcome: 'timed-out', status: null })).toBe('No answer within 10 seconds')
})

it('says what to do about every outcome but success', () => {
  const without = WebhookOutcome.options.filter((outcome) => outcomeRemedy({ outcome }) === null)

  expect(without).toEqual(['delivered'])
})

it.each([
  [0, null],
  [1, '1 alert is yet to be delivered'],
  [3, '3 alerts are yet to be delivered'],
])('counts %s alerts on their way', (waiting, words) => {
  expect(waitingWords({ waiting })).toBe(words)
})

it.each([
  ['', 'An address that begins with https:// is needed.'],
  ['http://hooks.contoso.com', 'An address that begins with https:// is needed.'],
  ['https://ada:secret@hooks.contoso.com', 'No user name and no password in the address.'],
  ['https://hooks.contoso.com/alerts', null],
])('judges the address %j as the API does', (url, fault) => {
  expect(urlFault(url)).toBe(fault)
})

it('names a webhook by its host', () => {
  expect(hostOf('https://hooks.contoso.com:8443/services/secret')).toBe('hooks.contoso.com:8443')
})
