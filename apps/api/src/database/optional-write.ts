import { outageOf } from './is-unavailable.ts'

/** Makes a write that may be left out: a database that takes no writes can still be read. */
export async function tryToWrite(write: () => Promise<unknown>): Promise<void> {
  try {
    await write()
  } catch (error) {
    const outage = outageOf(error)
    if (outage === null || outage === 'database-away') throw error
  }
}
