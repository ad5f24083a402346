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

it('says what answered in place of the trace, and does not say that Microsoft did', () => {
  const gateway = {
    status: 403,
    host: 'graph.microsoft.com',
    contentType: 'text/plain',
    excerpt: 'RBAC: access denied',
  }
  const failure = { ...FAILURE, outcome: 'intercepted', concerns: 'mailbox', microsoftCode: null, gateway } as const
  const subject = { isOn: true, hasPermission: true, approvalLink, adminCenters }
  const { kind, detail, action } = explainTrace({ outcome: 'unavailable', failure }, subject)
  expect(kind).toBe('trace-unavailable')
  expect(detail).toContain('HTTP 403 (text/plain). It says: “RBAC: access denied”')
  expect(detail).not.toContain('Microsoft could not answer')
  expect(action).toContain('the proxy, the firewall or the gateway on the way to https://graph.microsoft.com')
})
