import { ConsentProblem, SettingsProblem } from '@inforiver-mail/contract/consent-problem'
import { expect, it } from 'vitest'
import { toConsentProblem, toSettingsProblem, type Explanation } from './explanation.ts'

const explanation: Explanation = {
  kind: 'access-blocked',
  values: {},
  title: 'Microsoft stopped the sign-in',
  detail: 'A policy stopped it.',
  action: 'Try again.',
  correlationId: '6e0a6f0b-5a0e-4a71-8e43-6d8c6f2b8f10',
  aadstsCode: 53003,
}

it('makes of an explanation a problem of the contract', () => {
  expect(ConsentProblem.parse(toConsentProblem(explanation))).toMatchObject({ code: 'access-blocked' })
  const problem = { ...toSettingsProblem(explanation), since: '2026-11-24T10:00:00.000Z' }
  expect(SettingsProblem.parse(problem)).toMatchObject({ code: 'reconnect-required' })
})

it('calls an ended connection a refusal of the consent', () => {
  expect(toConsentProblem({ ...explanation, kind: 'reconnect-required' }).code).toBe('microsoft-refused')
})

it.each([
  ['app-misconfigured', 'app-misconfigured'],
  ['microsoft-unavailable', undefined],
] as const)('makes of %s the problem of a connection: %s', (kind, code) => {
  expect(toSettingsProblem({ ...explanation, kind })?.code).toBe(code)
})
