import { expect } from 'vitest'
import type { TestMicrosoft } from './test-product.ts'

export interface HeldRequest {
  /** Waits until the request has arrived, and all before it were answered. */
  untilHeld(): Promise<void>
  /** Lets the request continue. */
  release(): Promise<void>
}

/** Delays the nth request to an endpoint from now on, before it has any effect. */
export async function holdRequest(microsoft: TestMicrosoft, endpoint: string, nth = 1): Promise<HeldRequest> {
  const effect = { kind: 'http', endpoint, do: { action: 'delay', delayMs: 600_000 } }
  const { id } = await microsoft.control('POST', '/scenarios', { effect, skip: nth - 1 })
  return {
    async untilHeld() {
      const isAwaited = async () => {
        const { active } = await microsoft.control('GET', '/scenarios')
        return active.some((scenario: { id: string }) => scenario.id === id)
      }
      await expect.poll(isAwaited, { interval: 10 }).toBe(false)
    },
    async release() {
      await microsoft.control('DELETE', `/scenarios/${id}`)
    },
  }
}
