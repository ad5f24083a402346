import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { setUpSession } from '../../apps/api/src/database/database.ts'

// Real connections to the real PostgreSQL. Simulated connections share them, since only one statement runs at a time: each has
// one to itself from the begin of a transaction to its end, and the plans of prepared statements are made once.

/** What PostgreSQL answered to a statement. */
export type Answer = { readonly error: DatabaseError } | { readonly result: unknown }
export type DatabaseError = Error & { code?: string }

export type Backend = ReturnType<typeof createBackend>
export type Backends = Awaited<ReturnType<typeof openBackends>>

/** The setting that mail_now() reads in the database of a simulation. */
export const NOW_SETTING = 'simulation.now'
/** $1 pid */
const BLOCKERS = 'SELECT unnest(pg_blocking_pids($1))'
/** $1 pid */
const WAITS_FOR_ITSELF = `
WITH RECURSIVE waits(pid) AS (
  SELECT unnest(pg_blocking_pids($1)) UNION SELECT unnest(pg_blocking_pids(pid)) FROM waits
)
SELECT FROM waits WHERE pid = $1`
const FIRST_LOOK_MS = 4
const LONGEST_LOOK_MS = 20

export async function openBackends(connectionString: string) {
  const observer = await connect(connectionString)
  let notified: pg.Notification[] = []
  observer.on('notification', (notification) => notified.push(notification))
  const free: Backend[] = []
  return {
    async take(): Promise<Backend> {
      const idle = free.shift()
      if (idle) return idle
      const client = await connect(connectionString)
      await client.query('SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0')
      return createBackend(client, observer)
    },
    giveBack(backend: Backend): void {
      // Always the same order, so that each schedule uses the same backends.
      free.push(backend)
      free.sort((one, other) => one.pid - other.pid)
    },
    /** From now on `notifications` has those of this channel. */
    listen: (channel: string) => void observer.query(`LISTEN ${channel}`),
    /** What was notified since the last call. */
    async notifications(): Promise<readonly pg.Notification[]> {
      await observer.query('SELECT') // whatever was committed before is sent ahead of the answer
      const taken = notified
      notified = []
      return taken
    },
  }
}

async function connect(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString, application_name: 'simulation', pipeline: true })
  client.on('error', () => {}) // the server stops before the simulation does
  await client.connect()
  await setUpSession(client)
  return client
}

function createBackend(client: pg.Client, observer: pg.Client) {
  const { processID: pid } = client as unknown as { processID: number }
  let running: Promise<Answer> | null = null

  const status = () => Reflect.get(client, '_txStatus') as string // pg has it by no other name
  const finds = async (statement: string) => (await observer.query(statement, [pid])).rows.length > 0

  /** Until it is answered, or waits for a lock. */
  async function settle(): Promise<Answer | null> {
    if (running === null) throw new Error('No statement runs.')
    for (let waitMs = FIRST_LOOK_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_LOOK_MS)) {
      const answer = await Promise.race([running, delay(waitMs, null)])
      if (answer !== null) {
        running = null
        return answer
      }
      if (await finds(BLOCKERS)) {
        signal('SIGSTOP') // of several that a commit frees at once, none runs before its turn
        return null
      }
    }
  }

  function signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    try {
      process.kill(pid, name)
    } catch {} // not on Windows
  }

  return {
    pid,
    isInTransaction: () => status() !== 'I',
    /** Begins a statement, with the time that it sees where it asks for it. Null is returned while it waits for a lock. */
    async run(submit: (client: pg.Client) => Promise<unknown>, at: Date | null): Promise<Answer | null> {
      const { stream } = (client as unknown as { connection: { stream: Duplex } }).connection
      stream.cork()
      // A transaction that has failed takes no statement, and none that follows is carried out.
      if (at !== null && status() !== 'E') void client.query(`SET ${NOW_SETTING} = '${at.toISOString()}'`)
      const answer = submit(client)
      stream.uncork()
      running = answer.then(
        (result) => ({ result }),
        async (error: DatabaseError) => {
          // Only then it is known whether the transaction has failed.
          if (!(client as unknown as { readyForQuery: boolean }).readyForQuery) await once(client, 'drain')
          return { error }
        },
      )
      return settle()
    },
    /** Looks again at a statement that waited. */
    look(): Promise<Answer | null> {
      signal('SIGCONT')
      return settle()
    },
    /** Whether it may go on, since nobody holds what it waits for any more. */
    isFreed: async () => !(await finds(BLOCKERS)),
    /** Whether it waits for itself, by way of others. */
    isDeadlocked: () => finds(WAITS_FOR_ITSELF),
    /** Ends the statement that waits, with an error of this code. */
    async giveUp(code: string, message: string): Promise<Answer> {
      await observer.query('SELECT pg_cancel_backend($1)', [pid])
      signal('SIGCONT')
      const answer = await running
      running = null
      if (answer === null || !('error' in answer)) throw new Error('A statement that was given up has ended well.')
      return { error: Object.assign(answer.error, { code, message }) }
    },
    async rollBack(): Promise<void> {
      if (running !== null) await this.giveUp('57014', 'cancelled')
      if (status() !== 'I') await client.query('ROLLBACK')
    },
  }
}
