import { expect, it } from 'vitest'
import { describeStandstill } from './standstill.ts'

it('says nothing of a rate during which neither mail nor disk stood still and a core was free', () => {
  expect(describeStandstill(950, { pauseMs: 190, commitMs: 12, idle: 0.3 })).toBeNull()
})

it('tells a disk that stood still from mail that stood still for another reason', () => {
  expect(describeStandstill(580, { pauseMs: 4_100, commitMs: 4_000, idle: 0.6 })).toBe(
    '580 a second: nothing was sent for 4100 ms; the disk stood still, since a bare commit took 4000 ms',
  )
  expect(describeStandstill(580, { pauseMs: 4_100, commitMs: 12, idle: 0.6 })).toBe(
    '580 a second: nothing was sent for 4100 ms; no bare commit took longer than 12 ms',
  )
  expect(describeStandstill(800, { pauseMs: 600, commitMs: 550, idle: 0.3 })).toBe(
    '800 a second: the disk stood still, since a bare commit took 550 ms',
  )
})

it('says that the cores set a rate, as where other work takes one of them', () => {
  expect(describeStandstill(580, { pauseMs: 400, commitMs: 40, idle: 0.02 })).toBe(
    '580 a second: the cores were idle for 2 % of the time only',
  )
})
