import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { createRandomStock } from './random.ts'

it('hands out no byte twice, and draws from the source as few times as it can', () => {
  const drawn: Buffer[] = []
  const random = createRandomStock((sizeBytes) => {
    const bytes = randomBytes(sizeBytes)
    drawn.push(bytes)
    return bytes
  })
  const sizes = [12, 16, 4_000, 100, 32, 5_000, 12]
  const handed = sizes.map(random)
  expect(handed.map(({ length }) => length)).toEqual(sizes)
  const [first, second, large, ...more] = drawn
  expect(more).toEqual([])
  const [a, b, c, d, e, f, g] = handed
  expect(Buffer.concat([a, b, c] as Buffer[])).toEqual(first?.subarray(0, 4_028))
  expect(Buffer.concat([d, e, g] as Buffer[])).toEqual(second?.subarray(0, 144))
  expect(f).toEqual(large)
})
