import type { RetryAfter } from './scenario.ts'
import { type Fault, FAULT_NAMES, type Settings, type SettingsHolder } from './settings.ts'

export interface Draw {
  readonly fault: Fault | null
  /** For a 429 or 503, or for an accepted request that gets the header all the same; null: no header. */
  readonly retryAfter: RetryAfter | null
}

/** Returns what happens to each request at random; the same seed and order of requests give the same results. */
export function createChaos(settings: SettingsHolder): () => Draw {
  let seededFor: Settings | null = null
  let random = mulberry32(0)
  return () => {
    const { current } = settings
    if (seededFor !== current) {
      seededFor = current
      random = mulberry32(current.faultSeed)
    }
    // Each draw takes the same count of numbers, so that changing one rate leaves the other decisions alone.
    const [which, onAccepted, form] = [random(), random(), random()]
    const fault = pickFault(current, which)
    if (fault === 'throttled' || fault === 'unavailable') return { fault, retryAfter: pickForm(current, form) }
    const hasHeader = fault === null && onAccepted < current.faultRates.retryAfterOnAccepted
    return { fault, retryAfter: hasHeader ? { form: 'seconds', seconds: current.retryAfterSeconds } : null }
  }
}

function pickFault({ faultRates }: Settings, random: number): Fault | null {
  let below = 0
  return FAULT_NAMES.find((name) => random < (below += faultRates[name])) ?? null
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
