import { expect, it } from 'vitest'
import {
  isHeldBy,
  isTokenProblem,
  judgeRefusal,
  judgeToken,
  type Hold,
  type MailboxRefusals,
  type Refusal,
  type Route,
} from './refusals.ts'

const NOW = new Date('2026-11-24T10:00:00Z')
const PROBLEM = { title: 'No', detail: 'No.', action: 'Act.', values: {}, correlationId: null }
const ENDS = { code: 'message-refused', ...PROBLEM, microsoftCode: null, requestId: null } as const
const NOTHING: MailboxRefusals = { refused: {}, round: 0, hold: null }

function refusal(by: Route = 'send', kind = 'ErrorSendAsDenied'): Refusal {
  return { by, kind, problem: PROBLEM, ends: ENDS }
}

function holdOf(route: Route): Hold {
  return { ...PROBLEM, route, since: '2026-11-23T00:00:00.000Z' }
}

/** A mailbox in which something was refused, and nothing has left since. */
function after(by: Route, kind: string, messageId: string, hold: Hold | null = null): MailboxRefusals {
  return { refused: { [by]: { kind, messageId } }, round: 0, hold }
}

/** Judges the refusal of message a, which was refused `alone` times before, last in the round before. */
function judge(mailbox: MailboxRefusals, by: Route = 'send', alone = 0) {
  const round = alone === 0 ? null : mailbox.round - 1
  return judgeRefusal(mailbox, { id: 'a', alone, round }, refusal(by), NOW)
}

it.each<[string, MailboxRefusals, Route, string, Route | null]>([
  ['the first one', NOTHING, 'send', 'queued', null],
  ['the same message again', after('send', 'ErrorSendAsDenied', 'a'), 'send', 'queued', null],
  ['another one for another reason', after('send', 'ErrorQuotaExceeded', 'b'), 'send', 'queued', null],
  ['another one by another route', after('draft', 'ErrorSendAsDenied', 'b'), 'send', 'queued', null],
  ['another one in the same way', after('send', 'ErrorSendAsDenied', 'b'), 'send', 'held', 'send'],
  ['another one in the same way by draft', after('draft', 'ErrorSendAsDenied', 'b'), 'draft', 'held', 'draft'],
  ['one whose mailbox is held', { ...NOTHING, hold: holdOf('send') }, 'send', 'held', 'send'],
  ['one by draft whose mailbox is held', { ...NOTHING, hold: holdOf('send') }, 'draft', 'held', 'send'],
  ['one that a hold by draft leaves alone', { ...NOTHING, hold: holdOf('draft') }, 'send', 'queued', 'draft'],
  [
    'another one, beside a hold by draft',
    after('send', 'ErrorSendAsDenied', 'b', holdOf('draft')),
    'send',
    'held',
    'send',
  ],
  [
    'another one by draft, beside a hold of all',
    after('draft', 'ErrorSendAsDenied', 'b', holdOf('send')),
    'draft',
    'held',
    'send',
  ],
])('refuses %s', (_which, mailbox, by, becomes, holds) => {
  const judged = judge(mailbox, by)
  expect(judged).toMatchObject({ becomes, mailbox: { refused: { [by]: { messageId: 'a' } } } })
  expect(judged.mailbox.hold?.route ?? null).toBe(holds)
})

it('remembers since when a mailbox is held, and why it is now', () => {
  const { mailbox } = judge({ ...NOTHING, hold: { ...holdOf('send'), title: 'Before' } })
  expect(mailbox.hold).toMatchObject({ since: holdOf('send').since, title: 'No' })
  expect(judge(after('send', 'ErrorSendAsDenied', 'b')).mailbox.hold?.since).toBe(NOW.toISOString())
})

it.each([
  [1, 'queued'],
  [2, 'failed'],
])('after %i refusals while others left, one more leaves the message %s', (alone, becomes) => {
  expect(judge({ ...NOTHING, round: 7 }, 'send', alone)).toMatchObject({
    becomes,
    message: { alone: alone + 1, round: 7 },
  })
})

it('counts no refusal since which nothing has left', () => {
  const message = { id: 'a', alone: 2, round: 7 }
  expect(judgeRefusal({ ...NOTHING, round: 7 }, message, refusal(), NOW)).toMatchObject({
    becomes: 'queued',
    message: { alone: 2, round: 7 },
  })
})

it('holds a message in place of ending it, where another one met the same', () => {
  expect(judge({ ...after('send', 'ErrorSendAsDenied', 'b'), round: 7 }, 'send', 2).becomes).toBe('held')
})

it.each<[Route, Route, boolean]>([
  ['send', 'send', true],
  ['send', 'draft', true],
  ['draft', 'draft', true],
  ['draft', 'send', false],
])('a hold by %s holds what goes by %s: %s', (route, by, holds) => {
  expect(isHeldBy({ route }, by)).toBe(holds)
  expect(isHeldBy(null, by)).toBe(false)
})

const TOKEN = { by: 'token', problem: PROBLEM } as const
const refusedTokens = (times: number) => ({ ...PROBLEM, times, since: '2026-11-23T00:00:00.000Z' })

it('pauses a mailbox whose fresh tokens are refused for twice as long each time, up to a quarter of an hour', () => {
  const pauses = [0, 1, 2, 3, 4, 5, 60].map(
    (times) => judgeToken(times === 0 ? null : refusedTokens(times), TOKEN, false, NOW).pauseMs,
  )
  expect(pauses).toEqual([30_000, 60_000, 120_000, 240_000, 480_000, 900_000, 900_000])
})

it.each([
  [1, false],
  [2, false],
  [3, true],
])('says after %i refused tokens that somebody has to act: %s', (times, isProblem) => {
  expect(isTokenProblem(refusedTokens(times))).toBe(isProblem)
})

it('counts the messages that meet a refused token at the same moment once', () => {
  const { trouble, pauseMs } = judgeToken(null, TOKEN, false, NOW)
  expect(trouble).toMatchObject({ times: 1, since: NOW.toISOString() })
  expect(pauseMs).toBe(30_000)
  expect(judgeToken(trouble, TOKEN, true, NOW)).toEqual({ trouble, pauseMs: null })
})
