import { expect, it } from 'vitest'
import { FAULT_KINDS, planFaults } from './faults.ts'

const told = (seed: number) =>
  planFaults(seed, 30).map(({ kind, target, detail, atMs }) => ({ kind, target, detail, atMs }))

it('the same seed plans the same faults', () => {
  expect(told(7)).toEqual(told(7))
  expect(told(7)).not.toEqual(told(8))
})

it('a plan may be limited to some kinds', () => {
  const kinds = planFaults(7, 30, ['failover', 'kill']).map(({ kind }) => kind)
  expect(new Set(kinds)).toEqual(new Set(['failover', 'kill']))
})

it('half an hour has every kind of fault', () => {
  expect(new Set(planFaults(7, 30).map(({ kind }) => kind))).toEqual(new Set(FAULT_KINDS))
})

it('nothing stands still for more than a minute, and no clock is off by more than ten', () => {
  const details = planFaults(7, 600).map(({ detail }) => detail)
  const most = (name: string) => Math.max(...details.map((detail) => Math.abs(Number(detail[name] ?? 0))))
  expect(most('forMs')).toBeLessThanOrEqual(60_000)
  expect(most('offsetMs')).toBeLessThanOrEqual(600_000)
})
