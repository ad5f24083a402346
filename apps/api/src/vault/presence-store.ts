import type pg from 'pg'
import type { Timers } from '../runtime/clock.ts'
import { keepConnected } from '../database/keep-connected.ts'

/** A process announces the key that it seals with by the name of this connection. */
export const SEALS_WITH = 'inforiver-mail seals with '

const LOOK_EVERY_MS = 500

/**
 * Announces which key this process seals new values with, by the name of a connection of its own. The connection ends
 * with the process, however that ends, so that rotation knows whether an older key is still in use.
 */
export async function announceSealingKey(
  connectionString: string,
  sealingKid: () => string,
  timers: Pick<Timers, 'after' | 'every'>,
): Promise<{ stop(): Promise<void> }> {
  let announcedKid = ''
  const connection = keepConnected(connectionString, timers, announce)
  const endLooks = timers.every(LOOK_EVERY_MS, () => {
    const client = connection.client()
    if (client === null || announcedKid === sealingKid()) return
    announce(client).catch(() => {}) // the connection broke: the next one announces the key
  })
  const stop = async () => {
    endLooks()
    await connection.stop()
  }
  try {
    await connection.first
    return { stop }
  } catch (error) {
    await stop()
    throw error
  }

  async function announce(client: Pick<pg.Client, 'query'>): Promise<void> {
    const kid = sealingKid()
    await client.query(`SELECT set_config('application_name', $1, false)`, [`${SEALS_WITH}${kid}`])
    announcedKid = kid
  }
}
