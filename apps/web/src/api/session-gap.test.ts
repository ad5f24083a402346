import type { ProblemCode } from '@inforiver-mail/contract/problem'
import { expect, it } from 'vitest'
import { exampleFailure } from '../test-support/examples.ts'
import { createSessionGap, overGap } from './session-gap.ts'

/** A gap that ends as soon as a request waits, and a request that is refused `refusals` times. */
function refusing(refusals: number, code: ProblemCode = 'not-signed-in') {
  const gap = createSessionGap()
  gap.onWait(() => queueMicrotask(() => gap.end()))
  const asked = { times: 0 }
  const request = () => (++asked.times > refusals ? Promise.resolve('answer') : Promise.reject(exampleFailure(code)))
  return { gap, asked, request }
}

it('repeats a request each time that somebody has signed in, until it is answered', async () => {
  const { gap, asked, request } = refusing(2)

  expect(await overGap(gap, request)).toBe('answer')
  expect(asked.times).toBe(3)
})

it('repeats nothing that was refused for another reason', async () => {
  const { gap, asked, request } = refusing(1, 'not-workspace-admin')

  await expect(overGap(gap, request)).rejects.toThrow('not-workspace-admin')
  expect(asked.times).toBe(1)
})

it('gives up when every request is refused although somebody has signed in', async () => {
  const { gap, asked, request } = refusing(100)

  await expect(overGap(gap, request)).rejects.toThrow('not-signed-in')
  expect(asked.times).toBe(6)
})

it('stops waiting when nobody needs the answer any more', async () => {
  const gap = createSessionGap()
  const leaving = new AbortController()
  gap.onWait(() => leaving.abort(new Error('left')))
  const request = () => Promise.reject(exampleFailure('not-signed-in'))

  await expect(overGap(gap, request, leaving.signal)).rejects.toThrow('left')
})

it('lets everything that waits go on at once', async () => {
  const gap = createSessionGap()
  let signedIn = false
  const request = () => (signedIn ? Promise.resolve('answer') : Promise.reject(exampleFailure('not-signed-in')))
  const both = [overGap(gap, request), overGap(gap, request)]
  let waiting = 0
  await new Promise<void>((resolve) => gap.onWait(() => ++waiting === 2 && resolve()))

  signedIn = true
  gap.end()

  expect(await Promise.all(both)).toEqual(['answer', 'answer'])
})
