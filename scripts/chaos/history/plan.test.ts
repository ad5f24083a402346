import { expect, it } from 'vitest'
import { planFaults } from './plan.ts'

it('the same seed plans the same faults', () => {
  expect(planFaults(7, 30)).toEqual(planFaults(7, 30))
  expect(planFaults(7, 30)).not.toEqual(planFaults(8, 30))
})

it('a plan may be limited to some kinds', () => {
  const kinds = planFaults(7, 30, ['failover', 'kill']).map(({ kind }) => kind)
  expect(new Set(kinds)).toEqual(new Set(['failover', 'kill']))
})

it('half an hour has every kind of fault', () => {
  expect(new Set(planFaults(7, 30).map(({ kind }) => kind))).toEqual(
    new Set([
      'kill',
      'stop',
      'freeze',
      'clock',
      'vault-key',
      'late-copies',
      'bad-microsoft',
      'database-cut',
      'commit-cut',
      'database-stall',
      'database-crash',
      'failover',
      'power-cut',
    ]),
  )
})

it('nothing stands still for more than a minute, and no clock is off by more than ten', () => {
  const plan = planFaults(7, 600)
  const stops = plan.flatMap((fault) => ('forMs' in fault ? fault.forMs : []))
  const offsets = plan.flatMap((fault) => (fault.kind === 'clock' ? Math.abs(fault.offsetMs) : []))
  expect(Math.max(...stops)).toBeLessThanOrEqual(60_000)
  expect(Math.max(...offsets)).toBeLessThanOrEqual(600_000)
})
