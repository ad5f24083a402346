import { setTimeout as delay } from 'node:timers/promises'
import { WIRE_WAIT_MS, type OnTheWire, type SettingsStore } from './settings-store.ts'

const LOOK_EVERY_MS = 100

/** Waits for requests that began under settings that have been replaced: for all of them, or for ten seconds. */
export async function waitForTheWire(store: Pick<SettingsStore, 'isOnTheWire'>, onTheWire: OnTheWire): Promise<void> {
  if (onTheWire.requests === 0) return
  for (let waitedMs = 0; waitedMs < WIRE_WAIT_MS; waitedMs += LOOK_EVERY_MS) {
    if (!(await store.isOnTheWire(onTheWire))) return
    await delay(LOOK_EVERY_MS)
  }
}
