import type { CheckId } from '@inforiver-mail/contract/setup-check'
import { expect, it } from 'vitest'
import { found, type Outcome, settleChecks, type StartedChecks } from './run-checks.ts'

const never = new Promise<Outcome>(() => {})
const settle = (checks: StartedChecks, onBroken: (id: CheckId) => void = () => {}) =>
  settleChecks({ start: () => checks, withinMs: 20, signal: new AbortController().signal, onBroken })

it('describes what each check found, in order', async () => {
  const checks = await settle([
    ['clock', Promise.resolve(found('clock-off', { seconds: 61, direction: 'ahead of', clock: 'Microsoft' }))],
    ['storage', Promise.resolve(found('storage-elsewhere'))],
  ])

  expect(checks).toEqual([
    {
      id: 'clock',
      status: 'warning',
      code: 'clock-off',
      values: { seconds: 61, direction: 'ahead of', clock: 'Microsoft' },
      title: 'The clock is off',
      detail:
        'The clock of this machine is 61 s ahead of that of Microsoft. Beyond 300 s, sign-in and certificates fail.',
      action: 'Set the clock of this machine, and of the database’s, by NTP.',
    },
    expect.objectContaining({ id: 'storage', status: 'skipped', action: null }),
  ])
})

it('reports a check that hangs or breaks beside the others', async () => {
  const broken: CheckId[] = []
  const checks = await settle(
    [
      ['clock', never],
      ['vault', Promise.reject(new Error('a bug'))],
      ['storage', Promise.resolve(found('storage-elsewhere'))],
    ],
    (id) => broken.push(id),
  )

  expect(checks.map(({ code }) => code)).toEqual(['too-slow', 'check-broke', 'storage-elsewhere'])
  expect(broken).toEqual(['vault'])
})
