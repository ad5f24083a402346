import { expect, it } from 'vitest'
import { transition, type Connection, type SettingsEvent, type SettingsState } from './settings-state.ts'

const CONNECTION: Connection = {
  fromEmail: 'ada@contoso.com',
  mailbox: 'own',
  delegate: { tenantId: 'tid', objectId: 'oid', name: 'Ada Admin', email: 'ada@contoso.com' },
  connectedAt: new Date('2026-11-24T10:00:00.000Z'),
  permissions: ['Mail.Send', 'User.Read'],
  largeAttachments: false,
}
const PROBLEM = {
  values: {},
  title: 'T',
  detail: 'D',
  action: 'A',
  correlationId: null,
  since: '2026-11-24T11:00:00.000Z',
}
const REVOKED = { ...PROBLEM, code: 'reconnect-required' } as const
const MISCONFIGURED = { ...PROBLEM, code: 'app-misconfigured' } as const

const NOT_CONFIGURED: SettingsState = { status: 'not-configured' }
const CONNECTED: SettingsState = { status: 'connected', connection: CONNECTION, problem: null }
const TROUBLED: SettingsState = { status: 'connected', connection: CONNECTION, problem: MISCONFIGURED }
const ENDED: SettingsState = { status: 'reconnect-required', connection: CONNECTION, problem: REVOKED, claims: null }

const COMPLETED: SettingsEvent = { type: 'consent-completed', connection: CONNECTION }
const RESET: SettingsEvent = { type: 'reset' }
const REFUSED: SettingsEvent = { type: 'tokens-refused', problem: REVOKED }
const WRONG_APP: SettingsEvent = {
  type: 'app-misconfigured',
  problem: { ...MISCONFIGURED, since: '2026-11-24T12:00:00.000Z' },
}
const WORKED: SettingsEvent = { type: 'access-worked' }

it.each([NOT_CONFIGURED, CONNECTED, TROUBLED, ENDED])(
  'is connected without a problem once a consent completes',
  (state) => {
    expect(transition(state, COMPLETED)).toEqual(CONNECTED)
  },
)

it.each([NOT_CONFIGURED, CONNECTED, TROUBLED, ENDED])('is not configured after a reset', (state) => {
  expect(transition(state, RESET)).toEqual(NOT_CONFIGURED)
})

it.each([CONNECTED, TROUBLED])('requires a reconnect once Microsoft refuses the tokens', (state) => {
  expect(transition(state, REFUSED)).toEqual(ENDED)
})

it('keeps the claims challenge for the sign-in that reconnects', () => {
  const claims = '{"access_token":{}}'

  expect(transition(CONNECTED, { ...REFUSED, claims })).toEqual({ ...ENDED, claims })
})

it('stays connected when the app registration is wrong', () => {
  expect(transition(CONNECTED, WRONG_APP)).toMatchObject({
    status: 'connected',
    problem: { code: 'app-misconfigured' },
  })
})

it('keeps the first report of a wrong app registration', () => {
  expect(transition(TROUBLED, WRONG_APP)).toBe(TROUBLED)
})

it('loses the problem once access works', () => {
  expect(transition(TROUBLED, WORKED)).toEqual(CONNECTED)
})

it.each([
  [NOT_CONFIGURED, REFUSED],
  [NOT_CONFIGURED, WRONG_APP],
  [NOT_CONFIGURED, WORKED],
  [CONNECTED, WORKED],
  [ENDED, REFUSED],
  [ENDED, WRONG_APP],
  [ENDED, WORKED],
])('leaves %j as it is after %j', (state, event) => {
  expect(transition(state, event)).toBe(state)
})
