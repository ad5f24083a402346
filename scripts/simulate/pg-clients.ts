import { nextTick } from 'node:process'
import { promisify } from 'node:util'
import pg from 'pg'
import { reset, type Connection } from './database.ts'
import type { SimulatedProcess } from './process.ts'

// Everything of the product reaches its database by pg's clients: its pool, Prisma, and what listens or holds a lock.

/** pg's overloads. */
type Overloaded<Value> = Record<'connect' | 'query' | 'end', (this: pg.Client, ...values: Value[]) => unknown>
type Settle = (error: Error | undefined, result: unknown) => void

/** Has pg's clients wait for their turn, where they belong to a simulated process. Once per Node process. */
export function installClients(processOf: () => SimulatedProcess | undefined): void {
  const prototype = pg.Client.prototype as unknown as Overloaded<never>
  const { connect, query: queryNow, end } = prototype as unknown as Overloaded<unknown>
  const connectionOf = new WeakMap<object, Connection>()

  prototype.connect = function (this: pg.Client, callback?: Settle) {
    const process = processOf()
    if (!process) return connect.call(this, callback)
    return settled(callback, (settle) =>
      process.connect(this, (connection) => {
        if (connection === null) {
          settle(
            Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', syscall: 'connect' }),
            undefined,
          )
          return
        }
        connectionOf.set(this, connection)
        const stream = { destroy: () => void connection.breakOff(reset()) }
        Object.assign(this, { connection: { stream, ref() {}, unref() {} } })
        settle(undefined, undefined)
      }),
    )
  }
  prototype.query = function (this: pg.Client, statement: unknown, values?: unknown, callback?: unknown) {
    const connection = connectionOf.get(this)
    if (!connection?.isOpen) return queryNow.call(this, statement, values, callback)
    const query = statement instanceof PgQuery ? statement : new PgQuery(statement, values, callback)
    return settled(query.callback, (deliver) =>
      connection.submit({
        text: query.text,
        label: query.name ?? query.text.trim().slice(0, 100).replaceAll(/\s+/g, ' ').slice(0, 60),
        run: (client) =>
          new Promise((resolve, reject) => {
            query.name ??= nameOf(query.text)
            query.callback = (error, result) => (error ? reject(error) : resolve(result))
            queryNow.call(client, query)
          }),
        deliver: (answer) => ('error' in answer ? deliver(answer.error, undefined) : deliver(undefined, answer.result)),
      }),
    )
  }
  prototype.end = function (this: pg.Client, callback?: () => void) {
    const connection = connectionOf.get(this)
    if (!connection) return end.call(this, callback)
    Object.assign(this, { _ending: true })
    connection.end()
    if (!callback) return Promise.resolve()
    nextTick(callback)
    return undefined
  }
}

/** pg answers by a callback where it is given one, and else by a promise. */
function settled(callback: Settle | undefined, begin: (settle: Settle) => void): unknown {
  return callback ? begin(callback) : promisify(begin)()
}

interface Query {
  readonly text: string
  name: string | undefined
  callback: Settle | undefined
}

/** With all that its types leave out. */
const PgQuery = pg.Query as unknown as new (statement: unknown, values: unknown, callback: unknown) => Query

/** What has no name gets one, so that PostgreSQL plans it once for all schedules. */
function nameOf(text: string): string | undefined {
  if (!/^\s*(?:SELECT|WITH|INSERT|UPDATE|DELETE)\b[^;]*$/.test(text)) return undefined
  const name = names.get(text) ?? `simulated-${names.size}`
  names.set(text, name)
  return name
}

const names = new Map<string, string>()
