import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { freeBuffer } from './free-buffer.ts'

const KIB = 1024

it('frees the memory of a buffer, and leaves it empty', () => {
  const before = process.memoryUsage().arrayBuffers
  const buffer = randomBytes(1024 * KIB)

  freeBuffer(buffer)

  expect(buffer.length).toBe(0)
  expect(process.memoryUsage().arrayBuffers).toBeLessThan(before + 512 * KIB)
})

it('leaves alone a buffer that shares its memory with others', () => {
  const whole = randomBytes(256 * KIB)
  const parts = [whole.subarray(0, 128 * KIB), whole.subarray(128 * KIB)]
  const copies = parts.map((part) => Buffer.from(part))

  for (const part of parts) freeBuffer(part)

  expect(parts).toEqual(copies)
})

it('may be called twice, and for an empty or a small buffer', () => {
  const [large, small, empty] = [randomBytes(64 * KIB), Buffer.from('small'), Buffer.alloc(0)]

  for (const buffer of [large, large, small, empty]) freeBuffer(buffer)

  expect([large.length, small.toString(), empty.length]).toEqual([0, 'small', 0])
})
