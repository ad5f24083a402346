import { GATEWAY_TIMEOUT_AFTER, RESET_AFTER, RESET_BEFORE, throttled, unavailable } from './answers.ts'
import type { HttpEffect, RetryAfter } from './scenario.ts'
import { type Fault, FAULT_NAMES, type Settings, type SettingsHolder } from './settings.ts'

const ACTIONS: Readonly<Record<Fault, (retryAfter: RetryAfter | null) => HttpEffect['do']>> = {
  throttled,
  unavailable,
  gatewayTimeoutAfter: () => GATEWAY_TIMEOUT_AFTER,
  resetBefore: () => RESET_BEFORE,
  resetAfter: () => RESET_AFTER,
}

/** Returns what happens to each request at random; the same seed and order of requests give the same results. */
export function createChaos(settings: SettingsHolder): () => HttpEffect['do'] | null {
  let seededFor: Settings | null = null
  let random = mulberry32(0)
  return () => {
    const { current } = settings
    if (seededFor !== current) {
      seededFor = current
      random = mulberry32(current.faultSeed)
    }
    // Each draw takes the same count of numbers, so that changing one rate leaves the other decisions alone.
    const [which, form] = [random(), random()]
    let below = 0
    const fault = FAULT_NAMES.find((name) => which < (below += current.faultRates[name]))
    return fault === undefined ? null : ACTIONS[fault](pickForm(current, form))
  }
}

function pickForm({ retryAfterForm, retryAfterSeconds: seconds }: Settings, random: number): RetryAfter | null {
  const forms = ['seconds', 'http-date', 'none'] as const
  const form = retryAfterForm === 'mixed' ? (forms[Math.floor(random * forms.length)] ?? 'none') : retryAfterForm
  return form === 'none' ? null : { form, seconds }
}

/** Tommy Ettinger's generator, in the public domain; its 32 bits of state are enough for a chaos run. */
function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
}
