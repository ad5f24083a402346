import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { afterLeaving, nextToLeave, NO_TURNS, type LaneHead, type Mailbox, type Rank, type Turns } from './next.ts'
import { planDepartures } from './plan.ts'
import type { Lane, Planned } from './window.ts'

const NO_LIMITS = { concurrency: 0, messagesPerMinute: 0, recipientsPerDay: 0, uploadBytesPer5Minutes: 0 }
const NOW = Date.parse('2026-11-24T10:00:00Z')
const SECOND = 1_000
const HOUR = 3_600_000

const IDLE: Mailbox = {
  pausedUntil: null,
  requests: 0,
  uploads: 0,
  messages: [],
  recipients: [],
  nextPlaceAt: null,
  turns: NO_TURNS,
}

const LIMITS = { concurrency: 4, messagesPerMinute: 30, recipientsPerDay: 100, uploadBytesPer5Minutes: 0 }

function used(...entries: [count: number, secondsFromNow: number][]) {
  return entries.map(([count, seconds]) => ({ count, freedAt: NOW + seconds * SECOND }))
}

/** Lanes by what is in them, such as `h:a*3` for three high ones of service a; large ones are written in capitals. */
function lanesOf(text: string): Lane[] {
  const lanes = text.split(' ').map((lane): Lane => {
    const [, priority = 'n', service = '', count = '1'] = /^([hnl]):(\w+)(?:\*(\d+))?$/.exec(lane) ?? []
    const isLarge = service !== service.toLowerCase()
    const messages = Array.from({ length: Number(count) }, (_, n) => ({
      id: `${priority}${service}${n}`,
      recipients: 1,
      isLarge,
    }))
    return { rank: 'hnl'.indexOf(priority) as Rank, service, messages }
  })
  return lanes.toSorted((a, b) => a.rank - b.rank || (a.service < b.service ? -1 : 1))
}

/** The order in which they leave: of each id all but its number. */
function orderOf(text: string, turns: Partial<Turns> = {}): string {
  const plan = planDepartures({ ...IDLE, turns: { ...NO_TURNS, ...turns } }, lanesOf(text), NO_LIMITS, NOW)
  return [...plan.departures.keys()].map((id) => id.slice(0, 2)).join(' ')
}

const priorities = (order: string) => order.replaceAll(/[a-z](?= |$)/gu, '').replaceAll(' ', '')

describe('the order', () => {
  it.each([
    ['h:a n:a l:a', 'hnl'],
    ['h:a*20 l:a*2', 'hhhhhhhhhlhhhhhhhhlhhh'],
    ['n:a*18 l:a*3', 'nnnnnnnnlnnnnnnnnlnnl'],
    ['h:a*16 n:a*3 l:a*3', 'hhhhhhhhlnhhhhhhhlnhnl'],
  ])('of %s is %s', (waiting, expected) => {
    expect(priorities(orderOf(waiting))).toBe(expected)
  })

  it.each([
    ['n:a*3 n:b*2 n:c', '', 'na nb nc na nb na'],
    ['n:a*2 n:b*2 n:c', 'a', 'nb nc na nb na'],
    ['n:a n:b', 'z', 'na nb'],
    ['h:b h:c n:a', 'b', 'hb hc na'], // a turn counts within its priority
  ])('of the services of %s after %j is %s', (waiting, last, expected) => {
    expect(orderOf(waiting, { lastService: ['', last, ''] })).toBe(expected)
  })

  it('lets a high one that has just come wait for no share of a lower one, if a normal one has just left', () => {
    expect(orderOf('h:a n:a*9 l:a*9', { normalPassed: 0, lowPassed: 8 })).toMatch(/^ha la/)
    expect(orderOf('h:a n:a*9 l:a*9', { normalPassed: 0, lowPassed: 9 })).toMatch(/^la ha/)
  })

  it('lets everything leave once, and gives each lower priority that waits one of any ten messages', () => {
    const counts = fc.record({
      h: fc.integer({ min: 1, max: 60 }),
      n: fc.integer({ min: 1, max: 60 }),
      l: fc.integer({ min: 1, max: 60 }),
    })
    fc.assert(
      fc.property(counts, fc.nat(9), fc.nat(9), ({ h, n, l }, normalPassed, lowPassed) => {
        const order = priorities(orderOf(`h:a*${h} n:a*${n} l:a*${l}`, { normalPassed, lowPassed })).split('')
        expect(order.toSorted().join('')).toBe('h'.repeat(h) + 'l'.repeat(l) + 'n'.repeat(n))
        for (const lower of ['n', 'l']) {
          const places = order.flatMap((each, place) => (each === lower ? [place] : []))
          const gaps = places.map((place, nth) => place - (places[nth - 1] ?? -1))
          expect(Math.max(0, ...gaps)).toBeLessThanOrEqual(10)
        }
        const highs = order.slice(0, order.lastIndexOf('h') + 1)
        expect(highs.filter((each) => each === 'h').length).toBeGreaterThanOrEqual(
          Math.floor((highs.length * 7) / 9) - 2,
        )
      }),
    )
  })
})

describe('what a mailbox lets out', () => {
  const head = (changes: Partial<Planned> = {}): LaneHead<Planned> => {
    const first = { id: 'one', recipients: 1, isLarge: false, ...changes }
    return { rank: 1, service: 'reports', first, firstSmall: first.isLarge ? null : first }
  }

  it.each<[string, Partial<Mailbox>, Partial<Planned>, object]>([
    ['is the message where nothing stands in the way', {}, {}, { message: { id: 'one' } }],
    ['waits for the end of a pause', { pausedUntil: NOW + HOUR }, {}, { because: 'mailbox-paused', until: NOW + HOUR }],
    ['does not wait for a pause that is over', { pausedUntil: NOW }, {}, { message: { id: 'one' } }],
    ['waits for the answer to one of four requests', { requests: 4 }, {}, { because: 'requests-at-once', until: null }],
    [
      'leaves the last request to what is not large',
      { requests: 3, uploads: 3 },
      { isLarge: true },
      { because: 'requests-at-once', until: null },
    ],
    ['uploads beside two others', { requests: 2, uploads: 2 }, { isLarge: true }, { message: { id: 'one' } }],
    [
      'waits until one of thirty is a minute old',
      { messages: used([29, 7], [1, 9]) },
      {},
      { because: 'messages-per-minute', until: NOW + 7 * SECOND },
    ],
    [
      'waits for its place',
      { messages: used([3, 9]), nextPlaceAt: NOW + 400 },
      {},
      { because: 'messages-per-minute', until: NOW + 400 },
    ],
    ['counts no message twice that is freed now', { messages: used([30, 0]) }, {}, { message: { id: 'one' } }],
    [
      'waits until the recipients fit the day',
      { recipients: used([60, HOUR / SECOND], [40, 7_200]) },
      { recipients: 61 },
      { because: 'recipients-per-day', until: NOW + 2 * HOUR },
    ],
    [
      'gives more recipients than a day allows a day to themselves',
      { recipients: used([1, 5]) },
      { recipients: 101 },
      { because: 'recipients-per-day', until: NOW + 5 * SECOND },
    ],
    [
      'lets more recipients than a day allows out once nothing counts',
      {},
      { recipients: 101 },
      { message: { id: 'one' } },
    ],
    [
      'names the limit that lasts longest',
      { messages: used([30, 9]), recipients: used([100, 8]) },
      {},
      { because: 'messages-per-minute', until: NOW + 9 * SECOND },
    ],
    [
      'names the day where both limits last as long',
      { messages: used([30, 9]), recipients: used([100, 9]) },
      {},
      { because: 'recipients-per-day', until: NOW + 9 * SECOND },
    ],
    [
      'waits whatever else is freed already',
      { messages: used([5, 0], [30, 9]) },
      {},
      { because: 'messages-per-minute', until: NOW + 9 * SECOND },
    ],
  ])('%s', (_promise, mailbox, message, expected) => {
    expect(nextToLeave({ ...IDLE, ...mailbox }, [head(message)], 1, LIMITS, NOW)).toMatchObject(expected)
  })

  it('is nothing where nothing is due', () => {
    expect(nextToLeave(IDLE, [], 0, LIMITS, NOW)).toEqual({ message: null, because: null, until: null })
  })

  it('waits for nothing where there are no limits', () => {
    const busy = { ...IDLE, requests: 9, uploads: 9, messages: used([99, 9]), recipients: used([99, 9]) }
    const next = nextToLeave(busy, [head({ isLarge: true })], 9, NO_LIMITS, NOW)
    expect(next).toMatchObject({ message: { id: 'one' }, isPaced: false })
  })

  it.each([
    [1, 0, { message: { id: 'one' } }],
    [2, 0, { message: { id: 'one' } }],
    [2, 1, { because: 'requests-at-once' }],
  ])('with %i requests at once, of which %i upload, is a large one: %j', (concurrency, uploads, expected) => {
    const next = nextToLeave({ ...IDLE, uploads }, [head({ isLarge: true })], 1, { ...NO_LIMITS, concurrency }, NOW)
    expect(next).toMatchObject(expected)
  })

  it.each([
    [10, 20, false],
    [10, 21, true],
    [0, 30, false],
    [0, 31, true],
  ])('where %i of 30 have left, is paced beside %i that are due: %s', (left, due, isPaced) => {
    expect(nextToLeave({ ...IDLE, messages: used([left, 9]) }, [head()], due, LIMITS, NOW)).toMatchObject({ isPaced })
  })

  it('is the first small one of a lane while a large one has to wait', () => {
    const small = { id: 'small', recipients: 1, isLarge: false }
    const lane = { ...head({ id: 'large', isLarge: true }), firstSmall: small }
    expect(
      nextToLeave({ ...IDLE, requests: 3, uploads: 3 }, [lane], 2, { ...NO_LIMITS, concurrency: 4 }, NOW),
    ).toMatchObject({ message: small })
  })
})

describe('the pace', () => {
  const A_MINUTE = { ...NO_LIMITS, messagesPerMinute: 30 }
  const secondsOf = (count: number, mailbox: Partial<Mailbox> = {}) =>
    [...planDepartures({ ...IDLE, ...mailbox }, lanesOf(`n:a*${count}`), A_MINUTE, NOW).departures.values()].map(
      ({ at }) => (at - NOW) / SECOND,
    )

  it('lets everything leave at once that fits what is left', () => {
    expect(secondsOf(3)).toEqual([0, 0, 0])
    expect(secondsOf(30)).toEqual(Array.from({ length: 30 }, () => 0))
  })

  it('spends the limit evenly while more waits', () => {
    expect(secondsOf(40).slice(0, 6)).toEqual([0, 2, 4, 6, 8, 10])
  })

  it('waits for the place after the last one, and makes nothing up after a pause', () => {
    expect(secondsOf(40, { nextPlaceAt: NOW + 1_500 }).slice(0, 3)).toEqual([1.5, 3.5, 5.5])
    expect(secondsOf(40, { pausedUntil: NOW + 60 * SECOND, nextPlaceAt: NOW + 2 * SECOND }).slice(0, 3)).toEqual([
      60, 62, 64,
    ])
  })

  const one = { rank: 1, service: 'a', first: { recipients: 3, isLarge: false }, firstSmall: null } as const
  const leaving = { message: one.first, rank: 1, service: 'a', isPaced: false } as const
  const MINUTE = NOW + 61 * SECOND
  const DAY = NOW + 24 * HOUR

  it.each<[string, Partial<Mailbox>, object, number, object]>([
    ['counts', {}, {}, NOW, { messages: used([1, 61]), recipients: [{ count: 3, freedAt: DAY }] }],
    [
      'counts together what is freed together',
      { messages: [{ count: 2, freedAt: MINUTE }], recipients: [{ count: 5, freedAt: DAY }] },
      {},
      NOW,
      { messages: [{ count: 3, freedAt: MINUTE }], recipients: [{ count: 8, freedAt: DAY }] },
    ],
    [
      'forgets what is freed',
      { messages: used([7, 0], [2, 5]) },
      {},
      NOW,
      { messages: [...used([2, 5]), { count: 1, freedAt: MINUTE }] },
    ],
    ['frees recipients by the minute', {}, {}, NOW + 59 * SECOND, { recipients: [{ count: 3, freedAt: DAY }] }],
    [
      'counts nothing without limits',
      { messages: used([7, 5]), recipients: used([7, 5]) },
      { messagesPerMinute: 0, recipientsPerDay: 0 },
      NOW,
      { messages: [], recipients: [] },
    ],
    ['has no next place where all fit', { nextPlaceAt: NOW }, {}, NOW, { nextPlaceAt: null }],
  ])('once a message has left, the mailbox %s', (_promise, mailbox, limits, now, expected) => {
    const after = afterLeaving({ ...IDLE, ...mailbox }, leaving, [one], { ...LIMITS, ...limits }, now)
    expect(after).toMatchObject(expected)
  })

  it.each([
    [249, NOW - 249 + 2 * SECOND],
    [250, NOW + 2 * SECOND],
  ])('takes the place after one that is %i ms late', (lateMs, nextPlaceAt) => {
    const mailbox = { ...IDLE, nextPlaceAt: NOW - lateMs }
    expect(afterLeaving(mailbox, { ...leaving, isPaced: true }, [one], LIMITS, NOW)).toMatchObject({ nextPlaceAt })
  })

  it.each<[Rank, Turns['lastService']]>([
    [0, ['a', 'y', 'z']],
    [1, ['x', 'a', 'z']],
    [2, ['x', 'y', 'a']],
  ])('remembers the service whose turn it was by rank %i', (rank, lastService) => {
    const mailbox = { ...IDLE, turns: { ...NO_TURNS, lastService: ['x', 'y', 'z'] as const } }
    expect(afterLeaving(mailbox, { ...leaving, rank }, [one], LIMITS, NOW).turns.lastService).toEqual(lastService)
  })

  it('never lets more out within a minute than the limit, whatever was sent before', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.nat(30),
        fc.integer({ min: 1, max: 61 }),
        (count, sent, freed) => {
          const before = Array.from({ length: sent }, () => freed - 61)
          const left = [
            ...before,
            ...secondsOf(count, { messages: sent ? [{ count: sent, freedAt: NOW + freed * SECOND }] : [] }),
          ]
          for (const from of left)
            expect(left.filter((at) => at >= from && at < from + 60).length).toBeLessThanOrEqual(30)
        },
      ),
    )
  })
})
