import type { Config } from '../config.ts'
import type { Database } from './database.ts'
import { findRunningPostgres, startEmbeddedPostgres, type EmbeddedPostgres } from './embedded-postgres.ts'

/** The configuration names it: an external database, or the embedded PostgreSQL. */
export interface ProductDatabase {
  readonly database: Database
  readonly connectionString: string
  /** Whether the embedded PostgreSQL belongs to another process, a product that is running. */
  readonly joined: boolean
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
  { open, onRestart = () => {}, onLost = () => {}, stopping, joinRunning = false }: Options,
): Promise<ProductDatabase> {
  if (configured.kind === 'external') return openAt(configured.url, null, { open, joined: false })
  const running = joinRunning ? await findRunningPostgres(dataDirectory) : null
  if (running !== null) return openAt(running, null, { open, joined: true })
  const options = { dataDirectory, runtimeDirectory, onRestart, onLost, signal: stopping }
  const embedded = await startEmbeddedPostgres(options)
  return openAt(embedded.connectionString, embedded, { open, joined: false })
}

async function openAt(
  connectionString: string,
  embedded: EmbeddedPostgres | null,
  { open, joined }: Pick<Options, 'open'> & Pick<ProductDatabase, 'joined'>,
): Promise<ProductDatabase> {
  const explain = async (error: unknown) => (embedded === null ? error : embedded.explain(error))
  try {
    const database = await open(connectionString)
    return {
      database,
      connectionString,
      joined,
      explain,
      async close() {
        try {
          await database.close()
        } finally {
          await embedded?.stop()
        }
      },
    }
  } catch (error) {
    await embedded?.stop()
    throw await explain(error)
  }
}
