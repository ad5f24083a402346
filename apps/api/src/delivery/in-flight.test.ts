import { expect, it } from 'vitest'
import { createInFlight, MAX_IN_FLIGHT } from './in-flight.ts'

function times(count: number, action: () => void): void {
  for (let done = 0; done < count; done++) action()
}

/** Claims as much as there is room for, while `ended` messages are answered. */
function claimWhile(inFlight: ReturnType<typeof createInFlight>, ended: number): number {
  const claim = inFlight.beginClaim()
  times(ended, () => inFlight.end())
  claim.answered(claim.atMost)
  times(claim.atMost, () => inFlight.begin())
  return claim.atMost
}

it('claims every place at first, and is full then', () => {
  const inFlight = createInFlight()

  expect(claimWhile(inFlight, 0)).toBe(MAX_IN_FLIGHT)
  expect(inFlight.isFull()).toBe(true)
  inFlight.end()
  expect(inFlight.isFull()).toBe(false)
  expect(inFlight.count()).toBe(MAX_IN_FLIGHT - 1)
})

it('claims what will be free by the time of the answer, as many as during the last claim', () => {
  const inFlight = createInFlight()
  claimWhile(inFlight, 0)
  times(10, () => inFlight.end())
  expect(claimWhile(inFlight, 20)).toBe(10)

  expect(claimWhile(inFlight, 20)).toBe(20 + 20)
  expect(inFlight.isFull()).toBe(true)
})

it('has no more than a quarter on top in flight, where answers fail to come', () => {
  const inFlight = createInFlight()
  claimWhile(inFlight, 0)
  claimWhile(inFlight, MAX_IN_FLIGHT)
  const claimed = claimWhile(inFlight, 0)

  expect(claimed).toBeGreaterThan(MAX_IN_FLIGHT)
  expect(claimed).toBeLessThanOrEqual(MAX_IN_FLIGHT * 1.25)
  expect(inFlight.isFull()).toBe(true)
})

it('gathers after a claim that took few, and not after one that took none or many', () => {
  const inFlight = createInFlight()
  const gathersAfter = (messages: number) => {
    inFlight.beginClaim().answered(messages)
    return inFlight.gathers()
  }

  expect(inFlight.gathers()).toBe(false)
  expect([1, 0, 20, 100].map(gathersAfter)).toEqual([true, false, true, false])
})

it('gathers while few places are free', () => {
  const inFlight = createInFlight()
  claimWhile(inFlight, 0)
  expect(inFlight.gathers()).toBe(true)
  times(100, () => inFlight.end())
  expect(inFlight.gathers()).toBe(false)
})
