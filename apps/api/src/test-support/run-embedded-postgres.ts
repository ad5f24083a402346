import { ConfigurationError } from '../configuration/config.ts'
import { startEmbeddedPostgres } from '../database/embedded/embedded-postgres.ts'

/** Runs an embedded PostgreSQL in a process of its own until it is killed. Prints the reason when it cannot. */
const [, , dataDirectory = ''] = process.argv
try {
  const { connectionString } = await startEmbeddedPostgres({
    dataDirectory,
    onRestart() {},
    onLost(error) {
      throw error
    },
  })
  console.log(connectionString)
} catch (error) {
  console.error(error instanceof ConfigurationError ? error.message : error)
  process.exit(1)
}
