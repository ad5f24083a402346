import { afterEach, expect, it, vi } from 'vitest'
import { createRestartable } from './restartable.ts'

afterEach(() => vi.restoreAllMocks())

/** Starts numbered instances, and records what starts and closes. */
function createInstances({ failing = [] }: { failing?: readonly number[] } = {}) {
  const events: string[] = []
  let count = 0
  return {
    events,
    start: async () => {
      count += 1
      const name = `${count}`
      if (failing.includes(count)) throw new Error(`${name} fails`)
      events.push(`start ${name}`)
      return { close: async () => void events.push(`close ${name}`) }
    },
  }
}

it('closes what runs before it starts the next one, once for changes that come together', async () => {
  const log = vi.spyOn(console, 'log').mockReturnValue()
  const { events, start } = createInstances()
  const restartable = createRestartable('API', start)
  await restartable.start()
  restartable.restart('a.ts')
  restartable.restart('b.ts')
  await expect.poll(() => events).toEqual(['start 1', 'close 1', 'start 2'])
  await expect.poll(() => log.mock.lastCall?.[0]).toMatch(/^API restarted in \d+\.\d s: a\.ts, b\.ts$/)
  await restartable.close()
  expect(events).toEqual(['start 1', 'close 1', 'start 2', 'close 2'])
})

it('starts again with the next change after a start that failed', async () => {
  vi.spyOn(console, 'log').mockReturnValue()
  const error = vi.spyOn(console, 'error').mockReturnValue()
  const { events, start } = createInstances({ failing: [2] })
  const restartable = createRestartable('API', start)
  await restartable.start()
  restartable.restart('broken.ts')
  await expect.poll(() => error.mock.calls.length).toBe(1)
  restartable.restart('mended.ts')
  await expect.poll(() => events).toEqual(['start 1', 'close 1', 'start 3'])
  await restartable.close()
})

it('starts what ended by itself again, but only once between two changes', async () => {
  const log = vi.spyOn(console, 'log').mockReturnValue()
  const error = vi.spyOn(console, 'error').mockReturnValue()
  let end: (how: string) => void = () => {}
  let started = 0
  const restartable = createRestartable('API', async (onEnded) => {
    started += 1
    end = onEnded
    return { close: async () => {} }
  })
  await restartable.start()
  end('SIGKILL')
  await expect.poll(() => log.mock.lastCall?.[0]).toMatch(/^API restarted in \d+\.\d s: it had ended$/)
  end('status 1')
  expect(error.mock.calls).toEqual([
    ['API ended (SIGKILL), and starts again.'],
    ['API ended (status 1) once more, and starts again with the next change.'],
  ])
  restartable.restart('mended.ts')
  await expect.poll(() => log.mock.lastCall?.[0]).toMatch(/: mended\.ts$/)
  expect(started).toBe(3)
  await restartable.close()
  end('SIGTERM')
  expect(error).toHaveBeenCalledTimes(2)
})

it('starts nothing once it is closed', async () => {
  const { events, start } = createInstances()
  const restartable = createRestartable('API', start)
  await restartable.start()
  restartable.restart('a.ts')
  await restartable.close()
  await restartable.settled()
  expect(events).toEqual(['start 1', 'close 1'])
})

it('is settled only when the restart under way is over', async () => {
  vi.spyOn(console, 'log').mockReturnValue()
  const first = { close: async () => {} }
  const second = Promise.withResolvers<{ close(): Promise<void> }>()
  const starts = [Promise.resolve(first), second.promise]
  const begun = vi.fn<() => void>()
  const restartable = createRestartable('API', () => {
    begun()
    return starts.shift() ?? Promise.resolve(null)
  })
  await restartable.start()
  restartable.restart('a.ts')
  await expect.poll(() => begun.mock.calls.length).toBe(2)
  let isSettled = false
  const settled = restartable.settled().then(() => (isSettled = true))
  expect(isSettled).toBe(false)
  second.resolve({ close: async () => {} })
  await settled
  await restartable.close()
})
