import { ConfigurationError } from '../config.ts'
import { startEmbeddedPostgres } from '../database/embedded-postgres.ts'

/** A process of its own that uses an embedded PostgreSQL until it is killed; it says why when it cannot. */
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
