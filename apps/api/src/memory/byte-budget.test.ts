import { expect, it } from 'vitest'
import { createByteBudget } from './byte-budget.ts'

it('lets in what fits, and the next when something is given back, first come first served', async () => {
  const budget = createByteBudget(10)
  const order: string[] = []
  const giveFirst = await budget.take(6)
  const large = budget.take(8).then((give) => (order.push('large'), give))
  const small = budget.take(2).then((give) => (order.push('small'), give))
  await Promise.resolve()
  expect({ order, usedBytes: budget.usedBytes }).toEqual({ order: [], usedBytes: 6 })

  giveFirst()
  await Promise.all([large, small])

  expect({ order, usedBytes: budget.usedBytes }).toEqual({ order: ['large', 'small'], usedBytes: 10 })
})

it('returns zero bytes at once, whoever is waiting', async () => {
  const budget = createByteBudget(10)
  await budget.take(10)
  let waits = true
  void budget.take(1).then(() => (waits = false))

  await budget.take(0)

  expect(waits).toBe(true)
})

it('counts bytes once that are given back twice', async () => {
  const budget = createByteBudget(10)
  const give = await budget.take(4)
  give()
  give()

  expect(budget.usedBytes).toBe(0)
})

it('caps a request at the whole budget', async () => {
  const budget = createByteBudget(10)
  await budget.take(50)

  expect(budget.usedBytes).toBe(10)
})

it('skips a request whose caller has given up, and serves those behind it', async () => {
  const budget = createByteBudget(10)
  await budget.take(6)
  const stopping = new AbortController()
  const left = budget.take(8, stopping.signal)
  const behind = budget.take(4)

  stopping.abort(new Error('stopped'))

  await expect(left).rejects.toThrow('stopped')
  await behind
  expect(budget.usedBytes).toBe(10)
})

it('keeps free what a request has to leave, and lets requests that leave less pass it', async () => {
  const budget = createByteBudget(10)
  const order: string[] = []
  const giveBack = await budget.take(5, undefined, 4)
  const large = budget.take(5, undefined, 4).then(() => order.push('large'))
  const small = budget.take(4).then(() => order.push('small'))
  await small

  expect({ order, atOnce: [budget.takeAtOnce(1, 4), budget.takeAtOnce(2)] }).toEqual({
    order: ['small'],
    atOnce: [null, null],
  })
  expect(budget.takeAtOnce(1)).toBeTypeOf('function')
  giveBack()
  await expect(Promise.race([large, Promise.resolve('waits')])).resolves.toBe('waits')
})

it('takes part of a share back, and the rest later', async () => {
  const budget = createByteBudget(10)
  const giveBack = await budget.take(10)
  giveBack(3)
  expect(budget.usedBytes).toBe(7)
  giveBack()

  expect(budget.usedBytes).toBe(0)
})
