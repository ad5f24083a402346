import { expect, it } from 'vitest'
import { createInFlight, MAX_IN_FLIGHT, type InFlight } from './in-flight.ts'

const USUAL_MS = 100
const CLAIM_MS = 20

let now = 0
const pass = (ms: number) => (now += ms)

function times<Result>(count: number, action: () => Result): Result[] {
  return Array.from({ length: count }, action)
}

const end = (ends: readonly (() => void)[]) => ends.forEach((free) => free())

/** Claims as many as it may, and begins to send them. */
function claim(inFlight: InFlight): (() => void)[] {
  const asked = inFlight.beginClaim()
  pass(CLAIM_MS)
  asked.answered(asked.atMost)
  return times(asked.atMost, () => inFlight.begin())
}

/** A worker that knows how long messages and claims take, and sends nothing now. */
function experienced(): InFlight {
  const inFlight = createInFlight(() => now)
  for (let rounds = 0; rounds < 100; rounds++) {
    const sent = inFlight.begin()
    pass(USUAL_MS - CLAIM_MS)
    const asked = inFlight.beginClaim()
    pass(CLAIM_MS)
    asked.answered(0)
    sent()
  }
  return inFlight
}

it('claims every place at first, and nothing more until a message is answered', () => {
  const inFlight = createInFlight(() => now)
  const ends = claim(inFlight)

  expect(ends).toHaveLength(MAX_IN_FLIGHT)
  expect(inFlight.count()).toBe(MAX_IN_FLIGHT)
  pass(1_000)
  expect(inFlight.untilRoom()).toBe(Infinity)
  end(ends.slice(0, 1))
  expect(inFlight.untilRoom()).toBe(0)
})

it('claims for the places that become free meanwhile, as soon as those are many', () => {
  const inFlight = experienced()
  const ends = claim(inFlight)

  const waitMs = inFlight.untilRoom()
  expect(waitMs).toBeCloseTo(USUAL_MS - CLAIM_MS)
  pass(waitMs + 1)
  expect(inFlight.untilRoom()).toBe(0)
  const { atMost } = inFlight.beginClaim()
  expect(atMost).toBeGreaterThanOrEqual(48)
  end(ends.slice(0, atMost))
  times(atMost, () => inFlight.begin())
  expect(inFlight.count()).toBe(MAX_IN_FLIGHT)
})

it('has no more than a quarter on top in flight, where answers fail to come', () => {
  const inFlight = experienced()
  const claimed: number[] = []
  for (let ms = 0; ms < 1_000; ms++) {
    if (inFlight.untilRoom() === 0) claimed.push(claim(inFlight).length)
    pass(1)
  }

  expect(claimed).toHaveLength(2)
  expect(inFlight.count()).toBeGreaterThan(MAX_IN_FLIGHT)
  expect(inFlight.count()).toBeLessThanOrEqual(MAX_IN_FLIGHT * 1.25)
  expect(inFlight.beginClaim().atMost).toBe(0)
})

it('does not rely on messages that have been under way for far longer than usual', () => {
  const inFlight = experienced()
  claim(inFlight)
  pass(USUAL_MS)
  expect(inFlight.untilRoom()).toBe(0)
  pass(USUAL_MS + 1)

  expect(inFlight.beginClaim().atMost).toBe(0)
  expect(inFlight.untilRoom()).toBe(Infinity)
})

it('gathers after a claim that took few, and not after one that took none or many', () => {
  const inFlight = createInFlight(() => now)
  const gathersAfter = (messages: number) => {
    inFlight.beginClaim().answered(messages)
    return inFlight.gathers()
  }

  expect(inFlight.gathers()).toBe(false)
  expect([1, 0, 20, 100].map(gathersAfter)).toEqual([true, false, true, false])
})

it('gathers while few places are free', () => {
  const inFlight = createInFlight(() => now)
  const ends = claim(inFlight)
  expect(inFlight.gathers()).toBe(true)
  end(ends.slice(0, 100))
  expect(inFlight.gathers()).toBe(false)
})
