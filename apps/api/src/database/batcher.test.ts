import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { systemTimers } from '../runtime/clock.ts'
import { createBatcher } from './batcher.ts'

/** Runs that the test ends, with the items they were given. */
function controlledRuns() {
  const batches: { items: readonly string[]; end(): void; fail(error: Error): void }[] = []
  const run = (items: readonly string[]) =>
    new Promise<readonly string[]>((resolve, reject) => {
      batches.push({
        items,
        end: () => resolve(items.map((item) => `${item} done`)),
        fail: reject,
      })
    })
  return { batches, run }
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

it('runs items of the same moment in one batch, and gives each its own result', async () => {
  const { batches, run } = controlledRuns()
  const add = createBatcher(run, { timers: systemTimers, maxItems: 10 })

  const results = Promise.all(['a', 'b', 'c'].map((item) => add(item)))
  await nextTurn()
  batches[0]?.end()

  expect(batches.map(({ items }) => items)).toEqual([['a', 'b', 'c']])
  expect(await results).toEqual(['a done', 'b done', 'c done'])
})

it('collects items that arrive during a batch for the next one', async () => {
  const { batches, run } = controlledRuns()
  const add = createBatcher(run, { timers: systemTimers, maxItems: 10 })
  const first = add('a')
  await nextTurn()
  const others = [add('b'), add('c')]
  await nextTurn()
  expect(batches).toHaveLength(1)

  batches[0]?.end()
  await first
  await nextTurn()
  batches[1]?.end()

  expect(await Promise.all(others)).toEqual(['b done', 'c done'])
  expect(batches[1]?.items).toEqual(['b', 'c'])
})

it('has items wait for each other after a batch of many, and after no other', async () => {
  const batches: string[][] = []
  const waits: (() => void)[] = []
  const add = createBatcher(
    async (items: readonly string[]) => {
      batches.push([...items])
      return items
    },
    {
      timers: systemTimers,
      maxItems: 10,
      gathering: { from: 2, wait: () => new Promise<void>((resolve) => waits.push(resolve)) },
    },
  )

  await Promise.all([add('a'), add('b')])
  await nextTurn()
  const next = [add('c')]
  await nextTurn()
  next.push(add('d'), add('e'))
  const before = [...batches]
  waits[0]?.()
  await Promise.all(next)
  await nextTurn()
  waits[1]?.()
  await nextTurn()
  await add('f')
  await add('g')

  expect(before).toEqual([['a', 'b']])
  expect(batches).toEqual([['a', 'b'], ['c', 'd', 'e'], ['f'], ['g']])
  expect(waits).toHaveLength(2)
})

it('limits the items of a batch', async () => {
  const batches: number[] = []
  const add = createBatcher(
    async (items: readonly number[]) => {
      batches.push(items.length)
      return items
    },
    { timers: systemTimers, maxItems: 4 },
  )

  await Promise.all(Array.from({ length: 10 }, (_, index) => add(index)))

  expect(batches).toEqual([4, 4, 2])
})

it('limits the bytes of a batch, and runs a larger item alone', async () => {
  const batches: number[][] = []
  const add = createBatcher(
    async (items: readonly number[]) => {
      batches.push([...items])
      return items
    },
    { timers: systemTimers, maxItems: 10, maxBytes: 100, sizeOf: (item) => item },
  )

  await Promise.all([60, 40, 1, 250, 30].map((item) => add(item)))

  expect(batches).toEqual([[60, 40], [1], [250], [30]])
})

it('fails a batch as a whole, and continues with the next', async () => {
  const { batches, run } = controlledRuns()
  const add = createBatcher(run, { timers: systemTimers, maxItems: 10 })
  const failing = Promise.allSettled([add('a'), add('b')])
  await nextTurn()
  const next = add('c')
  batches[0]?.fail(new Error('It broke.'))

  expect((await failing).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  await nextTurn()
  batches[1]?.end()
  expect(await next).toBe('c done')
})

it('runs one batch beside one that is slow, and no more', async () => {
  const { batches, run } = controlledRuns()
  const add = createBatcher(run, { timers: systemTimers, maxItems: 1, slowAfterMs: 1 })
  const begun = () => batches.map(({ items }) => items[0])
  const all = ['a', 'b', 'c', 'd'].map((item) => add(item))
  await expect.poll(begun).toEqual(['a', 'b'])
  await delay(50)
  expect(begun()).toEqual(['a', 'b'])
  batches[1]?.end()
  await expect.poll(begun).toEqual(['a', 'b', 'c'])
  batches[0]?.end()
  await expect.poll(begun).toEqual(['a', 'b', 'c', 'd'])
  for (const batch of batches) batch.end()
  expect(await Promise.all(all)).toEqual(['a done', 'b done', 'c done', 'd done'])
})
