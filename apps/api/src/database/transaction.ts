import { randomInt } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import { OutcomeUnknownError } from '../outcome-unknown.ts'
import type { Prisma, PrismaClient } from './generated/client.ts'
import { answerWasLost, isConflict } from './is-unavailable.ts'

const MAX_TRIES = 4
const MAX_WAIT_MS = 50

/**
 * Work on one connection of the pool. One on which it failed is closed, and with it whatever it had begun: nobody knows
 * what state it is in.
 */
export async function withClient<Result>(
  pool: Pick<pg.Pool, 'connect'>,
  work: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect()
  const ignore = () => {} // a connection that breaks emits an error besides failing its statement
  client.on('error', ignore)
  let failure: unknown = null
  try {
    return await work(client)
  } catch (error) {
    failure = error
    throw error
  } finally {
    client.off('error', ignore)
    client.release(failure !== null)
  }
}

/**
 * All of it, or nothing. `work` may run again: PostgreSQL ends one of two transactions that wait for each other.
 *
 * @throws {OutcomeUnknownError} when the connection is lost while the transaction commits
 */
export function inTransaction<Result>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  return retryConflicts(() =>
    withClient(pool, async (client) => {
      await client.query('BEGIN')
      const result = await work(client)
      await client.query('COMMIT').catch(refuseToGuess)
      return result
    }),
  )
}

/**
 * One statement that changes something, which is a transaction by itself. `work` may run again, as above.
 *
 * @throws {OutcomeUnknownError} when the connection is lost before it is answered
 */
export function inOneStatement<Result>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  return retryConflicts(() => withClient(pool, (client) => work(client).catch(refuseToGuess)))
}

/** The pool's own `query` tries a statement again that was ended for a conflict: by itself, it is a transaction. */
export function withRetriedStatements(pool: pg.Pool): pg.Pool {
  const query = pool.query.bind(pool) as (...statement: unknown[]) => Promise<unknown>
  const retrying = (...statement: unknown[]) => retryConflicts(() => query(...statement))
  return Object.assign(pool, { query: retrying as pg.Pool['query'] })
}

/** The same for Prisma's interactive transactions, as `inTransaction` does it. */
export function withRetriedTransactions(prisma: PrismaClient): PrismaClient {
  const begin = prisma.$transaction.bind(prisma) as Interactive
  const retrying: Interactive = (work, options) =>
    retryConflicts(async () => {
      let committing = false
      const run = begin(async (transaction) => {
        committing = false
        const result = await work(transaction)
        committing = true // Prisma has nothing else left to do
        return result
      }, options)
      return run.catch((error: unknown) => (committing ? refuseToGuess(error) : Promise.reject(error)))
    })
  return Object.assign(prisma, { $transaction: retrying as PrismaClient['$transaction'] })
}

type Interactive = <Result>(
  work: (transaction: Prisma.TransactionClient) => Promise<Result>,
  options?: unknown,
) => Promise<Result>

async function retryConflicts<Result>(run: () => Promise<Result>): Promise<Result> {
  for (let tried = 1; ; tried++) {
    try {
      return await run()
    } catch (error) {
      if (tried === MAX_TRIES || !isConflict(error)) throw error
      await delay(randomInt(MAX_WAIT_MS)) // two that met would meet again
    }
  }
}

function refuseToGuess(error: unknown): never {
  throw answerWasLost(error) ? new OutcomeUnknownError(error) : error
}
