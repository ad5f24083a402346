import { ConsentProblem, SettingsProblem } from '@inforiver-mail/contract/consent-problem'
import { describe, expect, it } from 'vitest'
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

describe('toConsentProblem', () => {
  it('is a problem of the contract', () => {
    expect(ConsentProblem.parse(toConsentProblem(explanation))).toMatchObject({ code: 'access-blocked' })
  })

  it('calls an ended connection a refusal', () => {
    expect(toConsentProblem({ ...explanation, kind: 'reconnect-required' }).code).toBe('microsoft-refused')
  })
})

describe('toSettingsProblem', () => {
  it('is a problem of the contract once it has a date', () => {
    const problem = { ...toSettingsProblem(explanation), since: '2026-11-24T10:00:00.000Z' }
    expect(SettingsProblem.parse(problem)).toMatchObject({ code: 'reconnect-required' })
  })

  it('distinguishes a wrong app registration from an ended connection', () => {
    expect(toSettingsProblem({ ...explanation, kind: 'app-misconfigured' })?.code).toBe('app-misconfigured')
  })

  it('makes no problem of an outage', () => {
    expect(toSettingsProblem({ ...explanation, kind: 'microsoft-unavailable' })).toBeNull()
  })
})
