import type pg from 'pg'
import { OutcomeUnknownError } from '../domain/outage.ts'
import type { Prisma, PrismaClient } from './generated/client.ts'
import { answerWasLost, isConflict } from './is-unavailable.ts'

const MAX_TRIES = 4

/**
 * Runs `work` on one connection of the pool. If it fails, the connection is closed, since its state is unknown; that also
 * rolls back an open transaction.
 */
export async function withClient<Result>(
  pool: Pick<pg.Pool, 'connect'>,
  work: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect()
  const ignore = () => {} // a broken connection emits an error in addition to failing its statement
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
 * Runs `work` in a transaction, and again when PostgreSQL rolls it back because of a conflict.
 *
 * @throws {OutcomeUnknownError} when the connection is lost during the commit
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

/** Runs `work` in a transaction of a connection that is used on, whatever the outcome. It is not tried again. */
export async function inClientTransaction<Result>(client: pg.ClientBase, work: () => Promise<Result>): Promise<Result> {
  await client.query('BEGIN')
  try {
    const result = await work()
    await client.query('COMMIT')
    return result
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {}) // a broken connection rolls back by itself
    throw error
  }
}

/**
 * Runs a single statement that changes something, without an explicit transaction. `work` may run again, as above.
 *
 * @throws {OutcomeUnknownError} when the connection is lost before the answer
 */
export function inOneStatement<Result>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  return retryConflicts(() => withClient(pool, (client) => work(client).catch(refuseToGuess)))
}

/** Makes the pool's own `query` retry conflicts, which is safe since each such statement is its own transaction. */
export function withRetriedStatements(pool: pg.Pool): pg.Pool {
  const query = pool.query.bind(pool) as (...statement: unknown[]) => Promise<unknown>
  const retrying = (...statement: unknown[]) => retryConflicts(() => query(...statement))
  return Object.assign(pool, { query: retrying as pg.Pool['query'] })
}

/** Gives Prisma's interactive transactions the retries and errors of `inTransaction`. */
export function withRetriedTransactions(prisma: PrismaClient): PrismaClient {
  const begin = prisma.$transaction.bind(prisma) as Interactive
  const retrying: Interactive = (work, options) =>
    retryConflicts(async () => {
      let committing = false
      const run = begin(async (transaction) => {
        committing = false
        const result = await work(transaction)
        committing = true // nothing but the commit is left
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

/**
 * Runs `work` again, a few times, when PostgreSQL rolled it back because of a conflict. The other one goes on meanwhile, so
 * that the next try waits for its locks.
 */
export async function retryConflicts<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let tried = 1; ; tried++) {
    try {
      return await work()
    } catch (error) {
      if (tried === MAX_TRIES || !isConflict(error)) throw error
    }
  }
}

/**
 * Puts simultaneous changes by admins of a tenant in an order, whichever process they reach, until the transaction ends.
 * NO KEY lets rows that refer to the tenant be written meanwhile.
 */
export async function lockTenant(transaction: Prisma.TransactionClient, tenantId: string): Promise<void> {
  await transaction.$queryRaw`SELECT 1 FROM tenants WHERE id = ${tenantId} FOR NO KEY UPDATE`
}

function refuseToGuess(error: unknown): never {
  throw answerWasLost(error) ? new OutcomeUnknownError(error) : error
}
