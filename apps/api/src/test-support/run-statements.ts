import { setImmediate as turnOfTheEventLoop } from 'node:timers/promises'
import { getHeapSpaceStatistics } from 'node:v8'
import pg from 'pg'
import { PooledClient } from '../database/pooled-client.ts'

const STATEMENTS = 3_000
const WARM = 1_000

/** Runs statements one after the other, and prints how many bytes of them are among V8's old objects afterwards. */
const [, , connectionString] = process.argv
const pool = new pg.Pool({ Client: PooledClient, connectionString, max: 1, query_timeout: 60_000 })
const oldBytes = () =>
  getHeapSpaceStatistics().find(({ space_name: name }) => name === 'old_space')?.space_used_size ?? 0

async function run(count: number): Promise<void> {
  for (let done = 0; done < count; done++) {
    const client = await pool.connect()
    await client.query('SELECT $1::text AS body', ['x'.repeat(1_000)])
    client.release()
    await turnOfTheEventLoop()
  }
}

await run(WARM)
const before = oldBytes()
await run(STATEMENTS)
console.log(oldBytes() - before)
await pool.end()
