import { setTimeout as delay } from 'node:timers/promises'
import { elapsedMs } from '../clock.ts'
import { WIRE_WAIT_MS, type OnTheWire, type SettingsStore } from './settings-store.ts'

const LOOK_EVERY_MS = 100

/** Waits until requests under replaced settings are answered, but ten seconds at most, however slow the database is. */
export async function waitForRequests(
  store: Pick<SettingsStore, 'isOnTheWire'>,
  onTheWire: OnTheWire,
  elapsed: () => number = elapsedMs,
): Promise<void> {
  if (onTheWire.requests === 0) return
  const until = elapsed() + WIRE_WAIT_MS
  while (elapsed() < until && (await store.isOnTheWire(onTheWire))) await delay(LOOK_EVERY_MS)
}
