import pg from 'pg'

type Settle = (error: Error | undefined, result: unknown) => void
type Statement = string | pg.QueryConfig | pg.Submittable

/** What pg and its pool pass to `query`, in place of its overloads. */
type Query = (statement: Statement, values?: unknown[] | Settle, callback?: Settle) => unknown

/**
 * Waits for answers as long as pg does with `query_timeout` (in ms, of the client or of a statement), and leaves less to
 * the garbage collector.
 *
 * pg 8 writes `query.callback = () => …` for every statement that is awaited or has a timeout. V8 takes a function that is
 * assigned to a property for a method, and makes it among its old objects (`set_pretenure` in its parser). All that it
 * reaches, such as the values of the statement and its result, was copied twice and kept until a major collection.
 *
 * A connection that is silent for too long is closed, so that no other statement is sent or waits on it; during a COPY, by
 * whoever has it.
 */
export class PooledClient extends pg.Client {
  constructor({ query_timeout: silenceTimeoutMs = 0, ...config }: pg.ClientConfig = {}) {
    super(config)
    const send = this.query.bind(this) as Query
    const close = () => breakConnection(this)

    function begin(statement: string | pg.QueryConfig, values: unknown[] | undefined, settle: Settle): void {
      const timeoutMs = timeoutOf(statement) ?? silenceTimeoutMs
      let isSettled = false
      const timer = timeoutMs > 0 ? setTimeout(giveUp, timeoutMs) : undefined
      send(new pg.Query(statement, values, settleOnce))

      function settleOnce(error: Error | undefined, result: unknown): void {
        if (isSettled) return
        isSettled = true
        clearTimeout(timer)
        settle(error, result)
      }

      function giveUp(): void {
        settleOnce(new Error('Query read timeout'), undefined)
        close()
      }
    }

    const query: Query = (statement, valuesOrCallback, callback) => {
      if (isSubmittable(statement))
        return send(Object.assign(statement, { query_timeout: silenceTimeoutMs }), valuesOrCallback, callback)
      const [values, settle] =
        typeof valuesOrCallback === 'function' ? [undefined, valuesOrCallback] : [valuesOrCallback, callback]
      if (settle) return begin(statement, values, settle)
      const answer = new Promise((resolve, reject) => {
        begin(statement, values, (error, result) => (error ? reject(error) : resolve(result)))
      })
      return answer.catch(showCaller)
    }
    this.query = query as pg.Client['query']
  }
}

function isSubmittable(statement: Statement): statement is pg.Submittable {
  return typeof statement === 'object' && 'submit' in statement
}

function timeoutOf(statement: string | pg.QueryConfig): number | undefined {
  return typeof statement === 'string' ? undefined : (statement as { query_timeout?: number }).query_timeout
}

/** Replaces the stack of the socket by that of the awaiting code, as pg does. */
function showCaller(error: unknown): never {
  if (error instanceof Error) Error.captureStackTrace(error)
  throw error
}

/** Breaks a connection at once, so that pending statements fail. pg does not expose its socket. */
export function breakConnection(client: pg.ClientBase, error?: Error): void {
  const { connection } = client as unknown as { readonly connection: pg.Connection }
  connection.stream.destroy(error)
}
