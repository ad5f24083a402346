import { ConfigurationError } from '../configuration/config.ts'
import { isAway } from '../database/is-unavailable.ts'

const DISK_FULL = '53100'
const NO_RIGHT = '42501'
const LOCK_TIMEOUT = '55P03'

/** Turns an error of the database into a sentence for the operator, if there is something to do about it. */
export function explainDatabaseFault(error: unknown): unknown {
  if (error instanceof ConfigurationError) return error
  const sentence = sentenceFor(error)
  return sentence === null ? error : new ConfigurationError(sentence, { cause: error })
}

function sentenceFor(error: unknown): string | null {
  if (isAway(error)) return 'The connection to the database broke. Try again when it can be reached.'
  switch ((error as { code?: string }).code) {
    case DISK_FULL:
      return 'The disk of the database is full. Make room, and try again.'
    case NO_RIGHT:
      return `The account of DATABASE_URL lacks a right: ${(error as Error).message}. Let it own its database and all tables in there.`
    case LOCK_TIMEOUT:
      return 'Something else uses the tables of the database. End it, and try again.'
    default:
      return null
  }
}
