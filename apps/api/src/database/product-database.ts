import type { Timers } from '../runtime/clock.ts'
import type { Config } from '../configuration/config.ts'
import type { Database } from './database.ts'
import { findRunningPostgres, startEmbeddedPostgres } from './embedded/embedded-postgres.ts'
import { holdProductLock, type ProductLock } from './product-lock.ts'

/** The configuration names it: an external database, or the embedded PostgreSQL. */
export interface ProductDatabase {
  readonly database: Database
  readonly connectionString: string
  /** Whether the embedded PostgreSQL belongs to another process, a product that is running. */
  readonly joined: boolean
  /** Whether another process may use the database, whatever it announces and whichever role it has. */
  isUsedByAnother(): Promise<boolean>
  /** Turns an error of the start into a sentence, if the disk of the embedded PostgreSQL caused it. */
  explain(error: unknown): Promise<unknown>
  /** Closes the database, and stops the embedded PostgreSQL if this process started it. */
  close(): Promise<void>
}

interface Options {
  /** Opens the database at this address, which may mean to wait for it. */
  readonly open: (connectionString: string) => Promise<Database>
  readonly onRestart?: () => void
  readonly onLost?: (error: unknown) => void
  readonly stopping?: AbortSignal | undefined
  /** Use the embedded PostgreSQL of a running product, instead of refusing because the data folder is taken. */
  readonly joinRunning?: boolean
  readonly timers: Timers
}

/**
 * Opens the product's database, and starts the embedded PostgreSQL if need be. Leaves nothing running when it fails.
 *
 * @throws {ConfigurationError} when the operator has to change something
 */
export async function openProductDatabase(
  {
    database: configured,
    dataDirectory,
    runtimeDirectory,
  }: Pick<Config, 'database' | 'dataDirectory' | 'runtimeDirectory'>,
  { open, onRestart = () => {}, onLost = () => {}, stopping, joinRunning = false, timers }: Options,
): Promise<ProductDatabase> {
  if (configured.kind === 'external') {
    // Held from when it is migrated: a database of 1.5 is migrated only while nobody holds the lock.
    let lock: ProductLock | null = null
    const openAndHold = async (url: string) => {
      const database = await open(url)
      lock = await holdProductLock(url, onLost, timers).catch(async (error: unknown) => {
        await database.close()
        throw error
      })
      return database
    }
    const held = { isUsedByAnother: async () => lock?.isUsedByAnother() ?? true, stop: async () => lock?.stop() }
    return openAt(configured.url, held, { open: openAndHold, joined: false, explain: async (error) => error })
  }
  const running = joinRunning ? await findRunningPostgres(dataDirectory) : null
  if (running !== null)
    return openAt(
      running,
      { isUsedByAnother: async () => true, async stop() {} },
      { open, joined: true, explain: async (error) => error },
    )
  const options = { dataDirectory, runtimeDirectory, onRestart, onLost, signal: stopping }
  const embedded = await startEmbeddedPostgres(options)
  const own = { isUsedByAnother: async () => false, stop: () => embedded.stop() }
  return openAt(embedded.connectionString, own, {
    open,
    joined: false,
    explain: (error) => embedded.explain(error),
  })
}

async function openAt(
  connectionString: string,
  held: ProductLock,
  { open, joined, explain }: Pick<Options, 'open'> & Pick<ProductDatabase, 'joined' | 'explain'>,
): Promise<ProductDatabase> {
  try {
    const database = await open(connectionString)
    return {
      database,
      connectionString,
      joined,
      isUsedByAnother: () => held.isUsedByAnother(),
      explain,
      async close() {
        try {
          await database.close()
        } finally {
          await held.stop()
        }
      },
    }
  } catch (error) {
    await held.stop()
    throw await explain(error)
  }
}
