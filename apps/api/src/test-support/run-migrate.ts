import { migrate } from '../database/migrate.ts'

/** Migrates a database in a process of its own, unless it is killed first. */
process.once('message', (url: string) => void migrate(url))
process.send?.('ready')
