import { expect, it } from 'vitest'
import { systemTimers } from './clock.ts'
import { DONE, startPolling, UNTIL_WOKEN, waitUntil } from './polling.ts'

const NEVER = { timers: systemTimers, afterFailureMs: 60_000, onFailure() {} }

it('does not lose a wake-up that comes during a step', async () => {
  let steps = 0
  const second = Promise.withResolvers<void>()
  const polling = startPolling(async () => {
    steps += 1
    if (steps === 1) polling.wake()
    if (steps === 2) second.resolve()
    return UNTIL_WOKEN
  }, NEVER)

  await second.promise
  await polling.stop()
  expect(steps).toBe(2)
})

it('goes on after a step that failed', async () => {
  const failures: unknown[] = []
  const ended = Promise.withResolvers<void>()
  startPolling(
    async () => {
      if (failures.length < 2) throw new Error(`failure ${failures.length}`)
      ended.resolve()
      return DONE
    },
    { timers: systemTimers, afterFailureMs: 1, onFailure: (error) => failures.push(error) },
  )

  await ended.promise
  expect(failures).toEqual([new Error('failure 0'), new Error('failure 1')])
})

it('lets the current step finish when it is stopped, and takes no other', async () => {
  const steps: string[] = []
  const began = Promise.withResolvers<void>()
  const polling = startPolling(async (stopping) => {
    began.resolve()
    await new Promise((resolve) => stopping.addEventListener('abort', resolve))
    steps.push('finished')
    return 0
  }, NEVER)

  await began.promise
  await polling.stop()
  expect(steps).toEqual(['finished'])
})

it('gives up waiting for a condition when the time is over', async () => {
  let nowMs = 0
  const options = { everyMs: 1, withinMs: 3, timers: { ...systemTimers, elapsedMs: () => nowMs++ } }
  expect(await waitUntil(async () => false, options)).toBe(false)
  expect(await waitUntil(async () => true, options)).toBe(true)
})
