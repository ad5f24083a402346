import { AlertType } from '@inforiver-mail/contract/notice'
import { WebhookInput, WebhookOutcome } from '@inforiver-mail/contract/webhook'
import { expect, it } from 'vitest'
import { english, german } from '../test-support/languages.ts'
import { inputFault } from '../api/failure.ts'
import {
  contentsText,
  hostOf,
  outcomeRemedy,
  outcomeText,
  servicesIn,
  typesToAskFor,
  waitingText,
} from './webhook-text.ts'

it('says what became of a request, with the status if there was an answer', () => {
  expect(outcomeText({ outcome: 'delivered', status: 204 }, english)).toBe('Delivered (status 204)')
  expect(outcomeText({ outcome: 'timed-out', status: null }, english)).toBe('No answer within 10 seconds')
})

it.each([
  /refuses the app registration, the mail of the mailbox or the access to it/,
  /something else answers in Microsoft’s place/,
  /a limit of Microsoft is used up/,
  /the storage is nearly full/,
])('says before there is a webhook that one tells %s', (what) => {
  expect(english('alerts.empty.text')).toMatch(what)
})

it('says what to do about every outcome except success', () => {
  const without = WebhookOutcome.options.filter((outcome) => outcomeRemedy({ outcome }, english) === null)

  expect(without).toEqual(['delivered'])
})

it.each([
  [0, null],
  [1, '1 request is yet to be delivered'],
  [3, '3 requests are yet to be delivered'],
])('counts %s requests that are still to be delivered', (waiting, text) => {
  expect(waitingText({ waiting }, english)).toBe(text)
})

it.each([
  ['', 'An address that begins with https:// is needed.'],
  ['http://hooks.contoso.com', 'An address that begins with https:// is needed.'],
  ['https://ada:secret@hooks.contoso.com', 'No user name and no password in the address.'],
  ['https://hooks.contoso.com/alerts', null],
])('says what is wrong with the address %j: %j', (url, fault) => {
  expect(inputFault(WebhookInput, { url }, english)).toBe(fault)
})

it('says it in German too', () => {
  expect(inputFault(WebhookInput, { url: '' }, german)).toBe('Eine Adresse ist nötig, die mit https:// beginnt.')
})

it('says what a webhook is sent, and asks for no more than was chosen', () => {
  const alerts = AlertType.options
  expect(contentsText({ types: alerts, services: null }, english)).toBe('All alerts')
  expect(contentsText({ types: [...alerts, 'message.sent'], services: ['reports', 'forms'] }, english)).toBe(
    'All alerts; Message sent (only of reports and forms)',
  )
  expect(contentsText({ types: ['queue.stalled', 'message.failed'], services: null }, english)).toBe(
    'Queue stands still; Message failed',
  )
  expect(typesToAskFor(alerts)).toBeNull()
  expect(typesToAskFor(['message.sent'])).toEqual(['message.sent'])
  expect([servicesIn(' , '), servicesIn('reports, forms,reports')]).toEqual([null, ['reports', 'forms']])
})

it('names a webhook by its host', () => {
  expect(hostOf('https://hooks.contoso.com:8443/services/secret')).toBe('hooks.contoso.com:8443')
})
