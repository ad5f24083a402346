import { migrate } from '../database/migrate.ts'

/** A process of its own that migrates a database, unless it is killed before. */
process.once('message', (url: string) => void migrate(url))
process.send?.('ready')
