import { randomInt } from 'node:crypto'
import type { Duration } from './settings.ts'

/** One of the durations meant, in ms. */
export function pickMs(duration: Duration): number {
  return typeof duration === 'number' ? duration : randomInt(duration.min, duration.max + 1)
}
