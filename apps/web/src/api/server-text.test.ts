import { fault } from '@inforiver-mail/contract/fault-text'
import { expect, it } from 'vitest'
import { english, german } from '../test-support/languages.ts'
import { deliveryText, faultText, serverText } from './server-text.ts'

const PROBLEM = {
  code: 'app-misconfigured',
  title: 'The client secret has expired',
  detail: 'The secret in AZURE_CLIENT_SECRET has run out (AADSTS7000222).',
  values: {
    title: 'AADSTS7000222.title',
    detail: ['AADSTS7000222.detail', 'code'],
    microsoftCode: 'AADSTS7000222',
  },
} as const

function said(values: object = {}) {
  return { ...PROBLEM, values: { ...PROBLEM.values, detail: [...PROBLEM.values.detail], ...values } }
}

it('words a problem in the page’s language by the sentences that it names', () => {
  expect(serverText(said(), german)).toEqual({
    title: 'Der geheime Clientschlüssel ist abgelaufen',
    detail: 'Der Schlüssel in AZURE_CLIENT_SECRET ist abgelaufen (AADSTS7000222).',
  })
})

it('leaves English as the server wrote it', () => {
  expect(serverText(said(), english)).toEqual({ title: PROBLEM.title, detail: PROBLEM.detail })
})

it.each([
  ['a sentence that the page does not know', { detail: ['of-tomorrow'] }],
  ['a value that is missing', { detail: ['graph-not-reached', 'proof.send-as-denied.detail'] }],
  ['values that an older version did not store', { title: null, detail: null }],
])('shows the server’s English, marked as such, for %s', (_what, values) => {
  expect(serverText(said(values), german)).toEqual({ title: PROBLEM.title, detail: PROBLEM.detail, lang: 'en' })
})

it('words why a message did not reach a recipient by the code', () => {
  const report = { code: '5.1.10', explanation: 'There is no mailbox with this address.' }
  expect(deliveryText(report, german)).toEqual({
    detail: expect.stringMatching(/^Es gibt kein Postfach mit dieser Adresse\./),
  })
  expect(deliveryText(report, english)).toEqual({ detail: report.explanation })
  expect(deliveryText({ ...report, code: null }, german)).toEqual({ detail: report.explanation, lang: 'en' })
})

it('words a fault of the input by its code', () => {
  expect(faultText(fault('too-long', { max: 1_000 }), german)).toBe('Höchstens 1.000 Zeichen.')
  expect(faultText('Nobody knows this.', german)).toBe('Nobody knows this.')
})
