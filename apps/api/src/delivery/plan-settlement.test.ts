import { adminCentersAt } from '@inforiver-mail/m365/admin-centers'
import type { Failure } from '@inforiver-mail/m365/classify-failure'
import { describe, expect, it } from 'vitest'
import { NO_DOUBT, type Doubt } from '../queue/states.ts'
import type { AttemptResult } from './attempt-result.ts'
import { decideDoubt, mayBeTraced, planSettlement, type DeliveryState } from './plan-settlement.ts'

const inDoubt = (looks: number): Doubt => ({ state: 'in-doubt', looks })

const NOW = new Date('2026-11-24T10:00:00Z')
const DAY_MS = 24 * 60 * 60_000
const FRESH: DeliveryState = {
  attemptCount: 1,
  tryingMs: 0,
  refusals: 0,
  route: 'send',
  isProbe: false,
  doubt: NO_DOUBT,
  possibleDuplicate: false,
  onUnknownOutcome: 'retry',
}
const facts = { microsoftCode: 'Code', requestId: 'request', detail: 'Detail.' }
const ADMIN_CENTERS = adminCentersAt('https://login.microsoftonline.com', 'https://graph.microsoft.com')
const AT_NOW = { now: NOW, random: () => 0.5, adminCenters: ADMIN_CENTERS }

function failure(
  outcome: 'throttled' | 'unavailable' | 'unknown',
  retryAfter: Date | null = null,
  canLookUp = false,
): AttemptResult {
  return { type: 'failure', failure: { outcome, retryAfter, ...facts }, canLookUp }
}

function refused(reason: 'recipient-refused' | 'sending-limit-reached' | 'send-as-denied'): AttemptResult {
  const concerns = reason === 'recipient-refused' ? 'message' : 'mailbox'
  return {
    type: 'failure',
    failure: { outcome: 'refused', reason, concerns, title: 'Title', ...facts } satisfies Failure,
    canLookUp: false,
  }
}

function intercepted(status = 403, retryAfter: Date | null = null): AttemptResult {
  const gateway = { status, host: 'graph.microsoft.com', contentType: 'text/plain', excerpt: 'Ask for it.' }
  const failure = {
    outcome: 'intercepted',
    concerns: status === 413 ? 'message' : 'mailbox',
    gateway,
    retryAfter,
    ...facts,
  } as const
  return { type: 'failure', failure, canLookUp: true }
}

function after(ms: number): Date {
  return new Date(NOW.getTime() + ms)
}

describe('planSettlement', () => {
  const unauthorized = {
    type: 'failure',
    failure: { outcome: 'unauthorized', claims: null, ...facts },
    canLookUp: false,
  }
  const noAccess = { type: 'no-access', detail: 'Away.', values: { title: 'x', detail: ['entra-unreachable.detail'] } }
  const sendAsDenied = {
    type: 'failure',
    failure: {
      outcome: 'refused',
      reason: 'send-as-denied',
      concerns: 'mailbox',
      title: 'Title',
      ...facts,
      values: { title: 'graph.send-as-denied.title', detail: ['graph.send-as-denied.detail'] },
    },
    canLookUp: false,
  }
  const unknown = { outcome: 'unknown', code: 'Code', values: {}, detail: 'Detail.' }

  it.each<[what: string, state: Partial<DeliveryState>, result: object, settlement: object]>([
    ['found', {}, { type: 'found' }, { attempt: { outcome: 'sent', code: null, values: { detail: ['found'] } } }],
    ['traced', {}, { type: 'traced' }, { attempt: { outcome: 'sent', code: null, values: { detail: ['traced'] } } }],
    [
      'held',
      {},
      { type: 'held', because: 'reconnect-required' },
      { status: 'held', heldBecause: 'reconnect-required', waitMs: null, attempt: null },
    ],
    ['kept waiting', {}, { type: 'waiting', waitMs: 7 }, { status: 'queued', waitMs: 7, heldBecause: null }],
    [
      'stopped',
      { doubt: inDoubt(8) },
      { type: 'stopped' },
      {
        status: 'failed',
        problem: { values: { detail: ['stopped', 'look-before-retry'], title: 'outcome-unknown.title' } },
      },
    ],
    [
      'expired in doubt',
      { doubt: inDoubt(8) },
      { type: 'expired' },
      { problem: { values: { detail: ['expired-in-doubt', 'look-before-retry'] } } },
    ],
    [
      'without access, as Entra says',
      {},
      { ...noAccess, waitMs: 7, answered: true },
      {
        waitMs: 0,
        noAccessMs: 7,
        entraAnswered: true,
        attempt: {
          outcome: 'unavailable',
          code: null,
          values: { detail: ['entra-unreachable.detail'] },
          detail: 'Away.',
        },
      },
    ],
    [
      'without access alone',
      {},
      { ...noAccess, waitMs: null },
      { waitMs: 2_000, noAccessMs: null, entraAnswered: false },
    ],
    ['without access, unanswered', {}, { ...noAccess, waitMs: 7 }, { noAccessMs: 7, entraAnswered: false }],
    [
      'of an outcome that is not known, and was not to be sent twice',
      { onUnknownOutcome: 'stop' },
      failure('unknown'),
      {
        charged: true,
        doubt: inDoubt(0),
        attempt: unknown,
        problem: { requestId: 'request', values: { detail: ['stopped', 'look-before-retry'] } },
      },
    ],
    ['of an outcome that is not known', {}, failure('unknown'), { charged: true, attempt: unknown }],
    [
      'of an outcome that a look can tell, after a pause',
      {},
      failure('unknown', after(7), true),
      { pauseMailboxMs: 7, attempt: unknown },
    ],
    ['throttled', {}, failure('throttled'), { attempt: { outcome: 'throttled', code: 'Code' } }],
    ['tried in vain', {}, failure('unavailable'), { attempt: { outcome: 'unavailable', code: 'Code' } }],
    ['refused with its token', {}, unauthorized, { attempt: { outcome: 'unavailable', code: 'Code' } }],
    ['refused', {}, refused('recipient-refused'), { attempt: { outcome: 'refused', code: 'Code' } }],
    [
      'looked for in vain, as Microsoft asks to wait',
      {},
      { type: 'lookup-failed', failure: { outcome: 'unavailable', retryAfter: after(7), ...facts } },
      { pauseMailboxMs: 7, attempt: null },
    ],
    [
      'looked for in vain for a day',
      { tryingMs: DAY_MS },
      { type: 'lookup-failed', failure: { outcome: 'unavailable', retryAfter: null, ...facts } },
      { problem: { values: { detail: ['tried-for-a-day', 'service-status', 'retry-after-outage'] } } },
    ],
    [
      'in doubt for a day',
      { tryingMs: DAY_MS },
      { type: 'not-found' },
      {
        problem: {
          values: { detail: ['gave-up-in-doubt', 'look-before-retry'] },
          microsoftCode: null,
          requestId: null,
        },
      },
    ],
    [
      'refused by its mailbox',
      {},
      sendAsDenied,
      {
        refusal: {
          ends: {
            values: {
              title: 'refused-alone.title',
              detail: ['refused-alone', 'graph.send-as-denied.detail', 'remedy.send-as-denied', 'then-retry'],
            },
          },
        },
      },
    ],
    [
      'refused by its mailbox, in doubt',
      { doubt: inDoubt(1) },
      sendAsDenied,
      {
        refusal: {
          ends: {
            values: { detail: ['refused-after-looking', 'graph.send-as-denied.detail', 'look-before-retry'] },
            requestId: 'request',
          },
        },
      },
    ],
  ])('settles a message that is %s', (_what, state, result, settlement) => {
    expect(planSettlement({ ...FRESH, ...state }, result as AttemptResult, AT_NOW)).toMatchObject(settlement)
  })

  it('spreads what waits, over half of the time and over a pause that Microsoft did not time', () => {
    const lucky = { ...AT_NOW, random: () => 0 }
    expect(planSettlement(FRESH, intercepted(), lucky).waitMs).toBe(1_500)
    expect(planSettlement(FRESH, failure('throttled'), lucky).pauseMailboxMs).toBe(1_000)
  })

  it('counts an accepted message, and pauses its mailbox where Microsoft asks for that all the same', () => {
    const settlement = planSettlement(FRESH, { type: 'sent', retryAfter: after(7_000) }, AT_NOW)
    expect(settlement).toMatchObject({
      status: 'sent',
      charged: true,
      pauseMailboxMs: 7_000,
      attempt: { outcome: 'sent' },
    })
  })

  it.each<[string, Partial<DeliveryState>, string]>([
    ['was certainly not sent', {}, 'expired'],
    ['has been seen as a draft', { doubt: { state: 'seen-unsent' } }, 'expired'],
    ['may have been sent', { doubt: inDoubt(8) }, 'outcome-unknown'],
    ['may be a second copy', { possibleDuplicate: true }, 'outcome-unknown'],
  ])('fails a message whose time is over, and which %s', (_what, state, code) => {
    const settlement = planSettlement({ ...FRESH, ...state }, { type: 'expired' }, AT_NOW)
    expect(settlement).toMatchObject({ status: 'failed', problem: { code } })
  })

  it('pauses the mailbox and not the message when Microsoft throttles', () => {
    const settlement = planSettlement(FRESH, failure('throttled', after(30_000)), AT_NOW)
    expect(settlement).toMatchObject({
      status: 'queued',
      waitMs: 0,
      pauseMailboxMs: 30_000,
      tryingMs: 0,
      charged: false,
    })
  })

  it('lets a message wait that something else than Microsoft refused, ever longer and for as long as it takes', () => {
    const state = { ...FRESH, tryingMs: DAY_MS }
    const waits = [0, 1, 2, 7, 10_000].map((refusals) => {
      const settlement = planSettlement({ ...state, refusals }, intercepted(), { ...AT_NOW, random: () => 1 })
      expect(settlement).toMatchObject({
        status: 'queued',
        tryingMs: DAY_MS,
        doubt: NO_DOUBT,
        charged: false,
        pauseMailboxMs: null,
        refusals: refusals + 1,
        gateway: { status: 403, host: 'graph.microsoft.com' },
        attempt: { outcome: 'unavailable' },
      })
      return settlement.waitMs
    })
    expect(waits).toEqual([3_000, 10_000, 30_000, 300_000, 300_000])
  })

  it('uses up no time for trying while a gateway keeps the mailbox from its access', () => {
    const gateway = { status: 403, host: 'login.microsoftonline.com', contentType: null, excerpt: '' }
    const result: AttemptResult = { type: 'no-access', detail: 'Refused.', waitMs: 60_000, gateway }
    expect(planSettlement({ ...FRESH, tryingMs: DAY_MS }, result, AT_NOW)).toMatchObject({
      status: 'queued',
      tryingMs: DAY_MS,
      noAccessMs: 60_000,
      gateway,
      refusal: { by: 'gateway', ends: null },
    })
  })

  it.each([
    [20_000, 20_000],
    [DAY_MS, 300_000],
  ])('waits the %i ms that a gateway asks for, but five minutes at most', (askedMs, waitMs) => {
    expect(planSettlement(FRESH, intercepted(429, after(askedMs)), AT_NOW).waitMs).toBe(waitMs)
  })

  it.each<[string, Partial<DeliveryState>]>([
    ['message-refused', {}],
    ['outcome-unknown', { doubt: inDoubt(8) }],
  ])('says who answered where a gateway refuses a message while others leave, as %s after %j', (code, state) => {
    const { refusal } = planSettlement({ ...FRESH, ...state }, intercepted(), AT_NOW)
    const said = expect.stringContaining('for graph.microsoft.com: HTTP 403 (text/plain).')
    expect(refusal).toMatchObject({ by: 'gateway', answer: { status: 403 }, ends: { code, detail: said } })
    expect(refusal).not.toMatchObject({ ends: { detail: expect.stringContaining('Ask for it') } })
  })

  it('keeps the doubt, and the time for trying, where a look for the message meets a gateway', () => {
    const state = { ...FRESH, doubt: inDoubt(2), tryingMs: 7 }
    const { failure } = intercepted() as Extract<AttemptResult, { type: 'failure' }>
    expect(planSettlement(state, { type: 'lookup-failed', failure }, AT_NOW)).toMatchObject({
      status: 'queued',
      doubt: inDoubt(2),
      tryingMs: 7,
      refusals: 1,
      attempt: null,
      refusal: { by: 'gateway', ends: null },
    })
  })

  it('lets a message wait twice that is too long for a gateway', () => {
    const settlement = planSettlement({ ...FRESH, refusals: 1 }, intercepted(413), AT_NOW)
    expect(settlement).toMatchObject({ status: 'queued', problem: null })
  })

  it.each<[string, Partial<DeliveryState>]>([
    ['message-too-large', {}],
    ['outcome-unknown', { doubt: inDoubt(8) }],
  ])('fails a message that is too long for a gateway a third time, as %s after %j', (code, state) => {
    const { status, problem } = planSettlement({ ...FRESH, ...state, refusals: 2 }, intercepted(413), AT_NOW)
    expect(status).toBe('failed')
    expect(problem).toMatchObject({ code, detail: expect.stringContaining('graph.microsoft.com') })
    expect(problem?.detail).not.toContain('Ask for it')
  })

  it('counts refusals anew once Microsoft has answered', () => {
    expect(planSettlement({ ...FRESH, refusals: 2 }, failure('unavailable'), AT_NOW).refusals).toBe(0)
    expect(planSettlement({ ...FRESH, refusals: 2 }, { type: 'overtaken' }, AT_NOW).refusals).toBe(2)
  })

  it('chooses a pause when Microsoft throttles without saying how long', () => {
    const { pauseMailboxMs } = planSettlement(FRESH, failure('throttled'), AT_NOW)
    expect(pauseMailboxMs).toBe(2_000)
  })

  it('waits longer with each attempt, up to a quarter of an hour, and counts the waiting as trying', () => {
    const waits = [1, 2, 3, 20].map(
      (attemptCount) => planSettlement({ ...FRESH, attemptCount }, failure('unavailable'), AT_NOW).tryingMs,
    )
    expect(waits).toEqual([2_000, 4_000, 8_000, 450_000])
  })

  it('obeys Retry-After for the mailbox when Microsoft is unavailable, too', () => {
    expect(planSettlement(FRESH, failure('unavailable', after(60_000)), AT_NOW).pauseMailboxMs).toBe(60_000)
  })

  it('gives up after 24 hours of trying, with the last words of Microsoft', () => {
    const settlement = planSettlement({ ...FRESH, tryingMs: DAY_MS }, failure('unavailable'), AT_NOW)
    expect(settlement).toMatchObject({
      status: 'failed',
      problem: {
        code: 'gave-up',
        detail: expect.stringMatching(
          /^Detail\. .*https:\/\/status\.cloud\.microsoft.* a workspace admin or the submitting/,
        ),
        microsoftCode: 'Code',
        requestId: 'request',
      },
    })
  })

  it.each([
    [
      'it asked not to be sent twice',
      planSettlement({ ...FRESH, onUnknownOutcome: 'stop' }, failure('unknown'), AT_NOW),
    ],
    ['it stayed in doubt', planSettlement({ ...FRESH, doubt: inDoubt(2) }, { type: 'stopped' }, AT_NOW)],
  ])('says where to look for a message that stopped because %s', (_why, { problem }) => {
    expect(problem?.detail).toMatch(
      /Exchange administrator at .*\(https:\/\/admin\.exchange\.microsoft\.com\) > Mail flow/,
    )
  })

  it('fails at once when Microsoft refuses for good', () => {
    const settlement = planSettlement(FRESH, refused('recipient-refused'), AT_NOW)
    expect(settlement).toMatchObject({
      status: 'failed',
      waitMs: null,
      problem: { code: 'recipient-refused' },
      attempt: { outcome: 'refused' },
    })
  })

  it.each(['send', 'draft'] as const)(
    'leaves it to the mailbox what becomes of a message that it refused by %s',
    (route) => {
      const state = { ...FRESH, route, tryingMs: DAY_MS, refusals: 1 }
      const settlement = planSettlement(state, refused('send-as-denied'), AT_NOW)
      expect(settlement).toMatchObject({
        status: 'queued',
        tryingMs: DAY_MS,
        refusals: 2,
        charged: false,
        problem: null,
        attempt: { outcome: 'refused' },
        route,
        refusal: {
          by: route,
          kind: 'Code',
          problem: { values: { microsoftCode: 'Code', byDraft: route === 'draft' } },
          ends: { code: 'message-refused', microsoftCode: 'Code', detail: expect.stringContaining('Microsoft 365') },
        },
      })
    },
  )

  it.each<[string, Pick<AttemptResult, 'type'>]>([
    ['sent', { type: 'failure' }],
    ['looked for', { type: 'lookup-failed' }],
  ])('lets the mailbox wait, and no time be used up, where a token was refused as a message was %s', (_, { type }) => {
    const failure = { outcome: 'unauthorized', claims: null, ...facts } as const
    const result = { type, failure, canLookUp: true } as AttemptResult
    expect(planSettlement({ ...FRESH, tryingMs: DAY_MS, doubt: inDoubt(2) }, result, AT_NOW)).toMatchObject({
      status: 'queued',
      waitMs: 0,
      tryingMs: DAY_MS,
      doubt: inDoubt(2),
      refusal: {
        by: 'token',
        problem: { title: 'Microsoft Graph does not accept the token', values: { microsoftCode: 'Code' } },
      },
    })
  })

  it('ends a message in doubt that its mailbox refused as what may have been sent', () => {
    const { refusal } = planSettlement({ ...FRESH, doubt: inDoubt(8) }, refused('send-as-denied'), AT_NOW)
    expect(refusal).toMatchObject({ ends: { code: 'outcome-unknown' } })
  })

  it.each([
    ['refused', refused('send-as-denied'), true],
    ['unavailable', failure('unavailable'), false],
  ])('uses up no time of a held message whose trial is %s, and charges it: %s', (_, result, charged) => {
    const state = { ...FRESH, isProbe: true, tryingMs: DAY_MS }
    expect(planSettlement(state, result, AT_NOW)).toMatchObject({ status: 'queued', tryingMs: DAY_MS, charged })
  })

  it('pauses the mailbox for an hour when its sending limit is reached, and keeps trying', () => {
    const settlement = planSettlement(FRESH, refused('sending-limit-reached'), AT_NOW)
    expect(settlement).toMatchObject({ status: 'queued', pauseMailboxMs: 3_600_000, tryingMs: 3_600_000 })
  })

  it('fails with the sending limit named when it stays reached for 24 hours', () => {
    const settlement = planSettlement({ ...FRESH, tryingMs: DAY_MS }, refused('sending-limit-reached'), AT_NOW)
    expect(settlement).toMatchObject({ status: 'failed', problem: { code: 'sending-limit-reached' } })
  })

  it('looks into the mailbox at once after an unknown outcome', () => {
    const settlement = planSettlement(FRESH, failure('unknown', null, true), AT_NOW)
    expect(settlement).toMatchObject({
      status: 'queued',
      doubt: inDoubt(0),
      waitMs: 0,
      charged: true,
      possibleDuplicate: false,
    })
  })

  it('looks for a late copy with growing waits, for more than ten minutes in all', () => {
    const waits = [0, 1, 2, 3, 4, 5, 6, 7].map(
      (looks) => planSettlement({ ...FRESH, doubt: inDoubt(looks) }, { type: 'not-found' }, AT_NOW).waitMs,
    )
    expect(waits).toEqual([10_000, 20_000, 30_000, 60_000, 120_000, 180_000, 240_000, 0])
  })

  it('gives up after 24 hours in which it was looked for and sent again and again', () => {
    const notFound = (looks: number, tryingMs: number) =>
      planSettlement({ ...FRESH, doubt: inDoubt(looks), tryingMs }, { type: 'not-found' }, AT_NOW)
    let settlement = notFound(0, 0)
    for (let round = 1; settlement.status === 'queued' && round < 10_000; round++)
      settlement = notFound(round % 8, settlement.tryingMs)

    expect(settlement).toMatchObject({ status: 'failed', problem: { code: 'outcome-unknown' } })
  })

  it('waits before it looks again for what was sent again from its draft', () => {
    expect(
      planSettlement({ ...FRESH, doubt: { state: 'seen-unsent' } }, failure('unknown', null, true), AT_NOW),
    ).toMatchObject({
      status: 'queued',
      doubt: inDoubt(0),
      waitMs: 2_000,
    })
  })

  it('is sent when the mailbox has it', () => {
    expect(planSettlement({ ...FRESH, doubt: inDoubt(2) }, { type: 'found' }, AT_NOW)).toMatchObject({
      status: 'sent',
      charged: false,
      doubt: NO_DOUBT,
    })
  })

  it('is sent when the message trace has it, and is waited for there for an hour', () => {
    expect(planSettlement({ ...FRESH, doubt: inDoubt(3) }, { type: 'traced' }, AT_NOW)).toMatchObject({
      status: 'sent',
      doubt: NO_DOUBT,
      possibleDuplicate: false,
    })
    let waitedMs = 0
    let doubt = inDoubt(0)
    while (mayBeTraced(doubt)) {
      const settlement = planSettlement({ ...FRESH, doubt }, { type: 'untraced' }, AT_NOW)
      expect(settlement).toMatchObject({ status: 'queued', possibleDuplicate: false, attempt: null })
      waitedMs += settlement.waitMs ?? 0
      doubt = settlement.doubt
    }
    expect(waitedMs).toBe(60 * 60_000)
  })

  it('stays in doubt after an unknown outcome that cannot be looked into, and is tried again later', () => {
    const settlement = planSettlement(FRESH, failure('unknown'), AT_NOW)
    expect(settlement).toMatchObject({ status: 'queued', doubt: inDoubt(0), waitMs: 2_000 })
  })

  it('stops after an unknown outcome when the message asked not to be sent twice', () => {
    const settlement = planSettlement({ ...FRESH, onUnknownOutcome: 'stop' }, failure('unknown'), AT_NOW)
    expect(settlement).toMatchObject({ status: 'failed', problem: { code: 'outcome-unknown', microsoftCode: 'Code' } })
  })

  it.each<[string, AttemptResult]>([
    ['it is held', { type: 'held', because: 'reconnect-required' }],
    ['there is no access for now', { type: 'no-access', detail: 'Entra is away.', waitMs: null }],
    [
      'the mailbox cannot be searched for now',
      { type: 'lookup-failed', failure: { outcome: 'unavailable', retryAfter: null, ...facts } },
    ],
  ])('keeps the doubt while %s', (_, result) => {
    expect(planSettlement({ ...FRESH, doubt: inDoubt(1) }, result, AT_NOW).doubt).toEqual(inDoubt(1))
  })

  it.each([
    failure('throttled'),
    failure('unavailable'),
    refused('sending-limit-reached'),
    {
      type: 'failure',
      failure: { outcome: 'unauthorized', claims: null, ...facts },
      canLookUp: false,
    } satisfies AttemptResult,
  ])('keeps the doubt where no look is possible, whatever the next attempt comes to: %j', (result) => {
    expect(planSettlement({ ...FRESH, doubt: inDoubt(0) }, result, AT_NOW)).toMatchObject({
      status: 'queued',
      doubt: inDoubt(0),
    })
  })

  it('keeps the doubt after looks in vain too, whatever the next attempt comes to', () => {
    expect(planSettlement({ ...FRESH, doubt: inDoubt(8) }, failure('unavailable', null, true), AT_NOW).doubt).toEqual(
      inDoubt(8),
    )
  })

  it.each(['recipient-refused', 'sending-limit-reached'] as const)(
    'never ends a message in doubt as refused: after %s it says that the outcome is not known, and what Microsoft said',
    (reason) => {
      expect(planSettlement({ ...FRESH, doubt: inDoubt(0), tryingMs: DAY_MS }, refused(reason), AT_NOW)).toMatchObject({
        status: 'failed',
        problem: { code: 'outcome-unknown', detail: expect.stringContaining('Detail.'), microsoftCode: 'Code' },
      })
    },
  )

  it.each([
    [0, false],
    [8, true],
  ])('after %i looks says that the message was not found in the mailbox: %s', (looks, looked) => {
    const { problem } = planSettlement({ ...FRESH, doubt: inDoubt(looks) }, refused('recipient-refused'), AT_NOW)

    expect(problem?.detail.includes('was not found in the mailbox')).toBe(looked)
  })

  it('never ends a possible duplicate as refused, even where its last attempt is in no doubt', () => {
    expect(planSettlement({ ...FRESH, possibleDuplicate: true }, refused('recipient-refused'), AT_NOW)).toMatchObject({
      status: 'failed',
      problem: { code: 'outcome-unknown' },
    })
  })

  it('changes nothing when the attempt was overtaken before anything was sent', () => {
    expect(planSettlement({ ...FRESH, doubt: inDoubt(3), tryingMs: 7 }, { type: 'overtaken' }, AT_NOW)).toMatchObject({
      status: 'queued',
      waitMs: 0,
      doubt: inDoubt(3),
      tryingMs: 7,
      attempt: null,
    })
  })

  it('does not forget that it may be a duplicate', () => {
    const state = { ...FRESH, possibleDuplicate: true }
    expect(planSettlement(state, failure('throttled'), AT_NOW).possibleDuplicate).toBe(true)
  })

  it('makes the mailbox wait where none of its messages has access', () => {
    const settlement = planSettlement(FRESH, { type: 'no-access', detail: 'Entra is away.', waitMs: 60_000 }, AT_NOW)
    expect(settlement).toMatchObject({ status: 'queued', noAccessMs: 60_000, pauseMailboxMs: null, tryingMs: 60_000 })
  })

  it('gives up when there is no access for 24 hours, whatever pause Microsoft asks for', () => {
    const planAfter = (tryingMs: number) =>
      planSettlement({ ...FRESH, tryingMs }, { type: 'no-access', detail: 'Away.', waitMs: DAY_MS }, AT_NOW)
    expect(planAfter(DAY_MS - 15 * 60_000)).toMatchObject({ status: 'queued', tryingMs: DAY_MS })
    expect(planAfter(DAY_MS)).toMatchObject({ status: 'failed', problem: { code: 'gave-up' } })
  })

  it('counts neither held nor throttled time as trying', () => {
    const state = { ...FRESH, tryingMs: 5_000 }
    expect(planSettlement(state, { type: 'held', because: 'not-configured' }, AT_NOW).tryingMs).toBe(5_000)
    expect(planSettlement(state, failure('throttled', after(DAY_MS)), AT_NOW).tryingMs).toBe(5_000)
  })
})

describe('decideDoubt', () => {
  it('looks eight times, then sends again, or stops where the message asked for that', () => {
    const decide = (looks: number, onUnknownOutcome: 'retry' | 'stop') =>
      decideDoubt({ ...FRESH, doubt: inDoubt(looks), onUnknownOutcome }, true)
    expect([0, 7, 8].map((looks) => decide(looks, 'retry'))).toEqual(['look-up', 'look-up', 'send'])
    expect([0, 7, 8].map((looks) => decide(looks, 'stop'))).toEqual(['look-up', 'look-up', 'stop'])
  })

  it('sends again where it cannot look, unless the message asked to stop', () => {
    expect(decideDoubt({ ...FRESH, doubt: inDoubt(0) }, false)).toBe('send')
    expect(decideDoubt({ ...FRESH, doubt: inDoubt(0), onUnknownOutcome: 'stop' }, false)).toBe('stop')
  })
})
