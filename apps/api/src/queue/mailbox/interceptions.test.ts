import { expect, it } from 'vitest'
import { MINUTES } from '../../test-support/test-clock.ts'
import { isStanding, isTold, judgeInterception, type GatewayTrouble, type Interception } from './interceptions.ts'

const NOW = new Date('2026-11-24T10:00:00.000Z')
const ANSWER = { status: 403, host: 'graph.microsoft.com', contentType: 'text/plain', excerpt: 'No.' }
const ENDS = {
  code: 'message-refused',
  values: {},
  title: 'No',
  detail: 'No.',
  microsoftCode: null,
  requestId: null,
} as const

const ago = (ms: number) => new Date(NOW.getTime() - ms).toISOString()
const trouble = (pauses = 0, agoMs = 1 * MINUTES): GatewayTrouble => ({
  ...ANSWER,
  since: ago(agoMs),
  at: ago(agoMs),
  pauses,
})

/** Judges message a, which was refused `alone` times before, where `last` was refused last, with 403. */
function judge({
  last = null,
  alone = 0,
  gateway = null,
  isPaused = false,
  ends = ENDS,
  status = 403,
  waitMs = 0,
}: {
  last?: string | null
  alone?: number
  gateway?: GatewayTrouble | null
  isPaused?: boolean
  ends?: Interception['ends']
  status?: number
  waitMs?: number
}) {
  const refused = last === null ? {} : { gateway: { kind: '403 graph.microsoft.com', messageId: last } }
  const mailbox = { refused, round: 7, hold: null, gateway, isPaused }
  const message = { id: 'a', alone, round: alone === 0 ? null : 6 }
  return judgeInterception(
    mailbox,
    message,
    { by: 'gateway', answer: { ...ANSWER, status }, ends },
    { now: NOW, waitMs },
  )
}

it.each<[string, Parameters<typeof judge>[0], 'queued' | 'failed', boolean, number | null]>([
  ['the first one', {}, 'queued', false, null],
  ['the same message again', { last: 'a', gateway: trouble() }, 'queued', false, null],
  ['another one in another way', { last: 'b', gateway: trouble(), status: 404 }, 'queued', false, null],
  ['another one in the same way', { last: 'b', gateway: trouble() }, 'queued', true, 3_000],
  [
    'another one where the mailbox has paused since',
    { last: 'b', gateway: trouble(1), isPaused: true },
    'queued',
    true,
    null,
  ],
  [
    'another one for longer, as the gateway asks',
    { last: 'b', gateway: trouble(), waitMs: 20_000 },
    'queued',
    true,
    20_000,
  ],
  ['one a third time while others left', { alone: 2 }, 'failed', false, null],
  ['one a third time, and another one', { alone: 2, last: 'b', gateway: trouble() }, 'queued', true, 3_000],
  ['a look for one, a third time', { alone: 2, ends: null }, 'queued', false, null],
])('refuses %s', (_which, given, becomes, mailboxWaits, pauseMs) => {
  expect(judge(given)).toMatchObject({ becomes, mailboxWaits, pauseMs, refused: { gateway: { messageId: 'a' } } })
})

it('pauses the mailbox for longer each time, up to five minutes', () => {
  const pauses = [0, 1, 2, 3, 4, 5, 6, 60].map((times) => judge({ last: 'b', gateway: trouble(times) }).pauseMs)
  expect(pauses).toEqual([3_000, 10_000, 30_000, 60_000, 120_000, 240_000, 300_000, 300_000])
})

it('remembers since when something answers, unless that is over', () => {
  expect(judge({ gateway: trouble() }).trouble).toMatchObject({ since: ago(1 * MINUTES), at: NOW.toISOString() })
  expect(judge({ last: 'b', gateway: trouble(5, 6 * MINUTES) }).trouble).toMatchObject({ since: ago(0), pauses: 1 })
})

it.each([
  ['a time ahead, as after a clock was set back', -1, false],
  ['this moment', 0, true],
  ['the longest wait', 5 * MINUTES, true],
  ['six minutes ago', 6 * MINUTES, false],
])('at %s it still answers: %s', (_when, agoMs, stands) => {
  expect(isStanding(trouble(0, agoMs), NOW)).toBe(stands)
})

it('is told after five minutes', () => {
  expect([5 * MINUTES - 1, 5 * MINUTES].map((agoMs) => isTold(trouble(0, agoMs), NOW))).toEqual([false, true])
})
