import { expect, it } from 'vitest'
import { adminCentersAt } from '../admin-centers.ts'
import type { TraceRefusal } from '../trace/message-trace.ts'
import { explainTrace } from './explain-reports.ts'

const approvalLink = 'https://mail.example/auth/microsoft/admin-consent'
const adminCenters = adminCentersAt('https://login.microsoftonline.com', 'https://graph.microsoft.com')
const FAILURE = {
  outcome: 'unavailable',
  retryAfter: null,
  microsoftCode: 'x',
  requestId: 'id',
  detail: 'Microsoft did not answer.',
} as const

function explain(outcome: Exclude<TraceRefusal['outcome'], 'throttled'>, isOn: boolean, hasPermission = true) {
  return explainTrace({ outcome, failure: FAILURE }, { isOn, hasPermission, approvalLink, adminCenters })
}

it.each([
  ['not-provisioned', true, 'trace-not-provisioned', 'New-MgServicePrincipal'],
  ['denied', true, 'trace-unavailable', 'Admin roles'],
  ['denied', false, 'permission-missing', approvalLink],
  ['unavailable', true, 'trace-unavailable', 'https://'],
  ['invalid', true, 'trace-unavailable', 'https://'],
] as const)('says who mends a trace that is %s (with the permission: %s)', (outcome, hasPermission, kind, remedy) => {
  for (const isOn of [true, false]) {
    const { action, ...explanation } = explain(outcome, isOn, hasPermission)
    expect(explanation.kind).toBe(kind)
    expect(action).toContain(remedy)
    // What is on is asked again by itself.
    expect(/switch (?:it|the message trace) on again/i.test(action)).toBe(!isOn)
  }
})
