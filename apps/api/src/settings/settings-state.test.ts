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
const CONNECTED = { status: 'connected', connection: CONNECTION, problem: null } as const
const TROUBLED: SettingsState = { status: 'connected', connection: CONNECTION, problem: MISCONFIGURED }
const ENDED = { status: 'reconnect-required', connection: CONNECTION, problem: REVOKED, claims: null } as const

const COMPLETED: SettingsEvent = { type: 'consent-completed', connection: CONNECTION }
const RESET: SettingsEvent = { type: 'reset' }
const REFUSED = { type: 'tokens-refused', problem: REVOKED } as const
const WRONG_APP = {
  type: 'app-misconfigured',
  problem: { ...MISCONFIGURED, since: '2026-11-24T12:00:00.000Z' },
} as const
const WORKED: SettingsEvent = { type: 'access-worked' }

/** What a challenge asks of the sign-in that reconnects. */
const claims = '{"access_token":{}}'

it.each<[SettingsState, SettingsEvent, SettingsState]>([
  [NOT_CONFIGURED, COMPLETED, CONNECTED],
  [CONNECTED, COMPLETED, CONNECTED],
  [TROUBLED, COMPLETED, CONNECTED],
  [ENDED, COMPLETED, CONNECTED],
  [NOT_CONFIGURED, RESET, NOT_CONFIGURED],
  [CONNECTED, RESET, NOT_CONFIGURED],
  [TROUBLED, RESET, NOT_CONFIGURED],
  [ENDED, RESET, NOT_CONFIGURED],
  [CONNECTED, REFUSED, ENDED],
  [TROUBLED, REFUSED, ENDED],
  [CONNECTED, { ...REFUSED, claims }, { ...ENDED, claims }],
  [CONNECTED, WRONG_APP, { ...CONNECTED, problem: WRONG_APP.problem }],
  [TROUBLED, WORKED, CONNECTED],
])('makes of %j, after %j, %j', (state, event, expected) => {
  expect(transition(state, event)).toEqual(expected)
})

it.each([
  [NOT_CONFIGURED, REFUSED],
  [NOT_CONFIGURED, WRONG_APP],
  [NOT_CONFIGURED, WORKED],
  [CONNECTED, WORKED],
  [TROUBLED, WRONG_APP], // the first report stays
  [ENDED, REFUSED],
  [ENDED, WRONG_APP],
  [ENDED, WORKED],
])('leaves %j as it is after %j', (state, event) => {
  expect(transition(state, event)).toBe(state)
})
