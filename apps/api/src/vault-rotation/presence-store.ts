import pg from 'pg'

/** What a connection is called by which a process tells the key that it seals with. */
export const SEALS_WITH = 'inforiver-mail seals with '

const LOOK_EVERY_MS = 500
const CONNECT_TIMEOUT_MS = 5_000

/**
 * Tells, by the name of a connection of its own, which key this process seals new values with. The connection goes with
 * the process, however that ends: so rotation knows whether anybody still seals with an older key.
 */
export async function announceSealingKey(
  connectionString: string,
  sealingKid: () => string,
): Promise<{ stop(): Promise<void> }> {
  let announced: { client: pg.Client; kid: string } | null = await connect(connectionString, sealingKid())
  let looking: Promise<void> | null = null
  const timer = setInterval(() => {
    looking ??= look().finally(() => {
      looking = null
    })
  }, LOOK_EVERY_MS)
  timer.unref()
  return {
    async stop() {
      clearInterval(timer)
      await looking
      await announced?.client.end().catch(() => {})
    },
  }

  async function look(): Promise<void> {
    const kid = sealingKid()
    try {
      if (announced === null) {
        announced = await connect(connectionString, kid)
      } else if (announced.kid !== kid) {
        await announced.client.query(`SELECT set_config('application_name', $1, false)`, [`${SEALS_WITH}${kid}`])
        announced = { ...announced, kid }
      }
    } catch {
      // The database is away, or the connection just broke: at the next look.
    }
  }

  async function connect(url: string, kid: string): Promise<{ client: pg.Client; kid: string }> {
    const client = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      application_name: `${SEALS_WITH}${kid}`,
      keepAlive: true,
    })
    client.on('error', () => {})
    client.once('end', () => {
      if (announced?.client === client) announced = null
    })
    await client.connect()
    return { client, kid }
  }
}
