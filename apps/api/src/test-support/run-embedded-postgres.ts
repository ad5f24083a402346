import { startEmbeddedPostgres } from '../database/embedded-postgres.ts'

/** A process of its own that uses an embedded PostgreSQL until it is killed. */
const [, , dataDirectory = ''] = process.argv
const { connectionString } = await startEmbeddedPostgres({
  dataDirectory,
  onRestart() {},
  onLost(error) {
    throw error
  },
})
console.log(connectionString)
