import type { Timers } from '../runtime/clock.ts'
import { WIRE_WAIT_MS, type OnTheWire, type SettingsStore } from './settings-store.ts'

const LOOK_EVERY_MS = 100

/** Waits until requests under replaced settings are answered, but ten seconds at most, however slow the database is. */
export async function waitForRequests(
  store: Pick<SettingsStore, 'isOnTheWire'>,
  onTheWire: OnTheWire,
  { elapsedMs, sleep }: Pick<Timers, 'elapsedMs' | 'sleep'>,
): Promise<void> {
  if (onTheWire.requests === 0) return
  const until = elapsedMs() + WIRE_WAIT_MS
  while (elapsedMs() < until && (await store.isOnTheWire(onTheWire))) await sleep(LOOK_EVERY_MS)
}
