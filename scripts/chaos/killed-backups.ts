import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { openBackup } from '../../apps/api/src/backup/open-backup.ts'
import { startEmbeddedPostgres } from '../../apps/api/src/database/embedded-postgres.ts'
import { VERSION } from '../../apps/api/src/version.ts'
import { createRandom } from './random.ts'
import { openTestbed, type Testbed } from '../testbed/testbed.ts'

const KILLS = 10
const MESSAGES = 20_000
const REPLACE = ['--replace']

/** Where a restore goes, and what is there. */
interface Target {
  readonly name: string
  readonly environment: Record<string, string>
  /** The subjects there, of which a backup has one. */
  read(): Promise<string>
  /** Removes what former restores have kept. */
  clean(): Promise<void>
}

/** Kills backups and restores at random moments. Resolves to whether every promise held. */
export async function runKilledTransfers(seed: number): Promise<boolean> {
  console.log(
    `backup, seed ${seed}: ${KILLS} kills of a backup, of a restore into the embedded and into an external database`,
  )
  const random = createRandom(seed)
  const folder = await mkdtemp(join(tmpdir(), 'inforiver-mail-killed-'))
  const testbed = await openTestbed()
  const faults: string[] = []
  try {
    await (await testbed.start('api')).stop() // it writes down whose database this is
    await addMessages(testbed)
    const one = join(folder, 'one.backup')
    const other = join(folder, 'other.backup')
    const backupMs = await timed(() => succeed(testbed, ['backup', '--to', one]))
    await testbed.pool.query(`UPDATE messages SET subject = 'other'`)
    await succeed(testbed, ['backup', '--to', other])
    for (let kill = 1; kill <= KILLS; kill++) {
      const path = join(folder, `killed-${kill}.backup`)
      await killAfter(testbed.transfer(['backup', '--to', path]), random.between(0, Math.round(backupMs)))
      if (existsSync(path)) await (await openBackup(path, VERSION)).close()
      else await succeed(testbed, ['backup', '--to', path])
      if (existsSync(`${path}.part`)) faults.push(`${path}.part is left after the next backup.`)
      await rm(path)
    }
    const external = await startEmbeddedPostgres({
      dataDirectory: join(folder, 'external'),
      onRestart() {},
      onLost() {},
    })
    try {
      for (const target of [embeddedTarget(join(folder, 'data')), externalTarget(external.connectionString)]) {
        const restore = (path: string) => ['restore', '--from', path]
        await succeed(testbed, restore(one), target.environment)
        const restoreMs = await timed(() => succeed(testbed, [...restore(one), ...REPLACE], target.environment))
        for (let kill = 1; kill <= KILLS; kill++) {
          const [from, to] = kill % 2 === 1 ? [one, other] : [other, one]
          const wanted = to === one ? 'one' : 'other'
          await killAfter(
            testbed.transfer([...restore(to), ...REPLACE], target.environment),
            random.between(0, Math.round(restoreMs)),
          )
          const found = await target.read()
          if (found !== 'one' && found !== 'other')
            faults.push(`${target.name}, kill ${kill}: found ${found}, from ${from}.`)
          await succeed(testbed, [...restore(to), ...REPLACE], target.environment)
          if ((await target.read()) !== wanted)
            faults.push(`${target.name}, kill ${kill}: the next restore left ${await target.read()}.`)
          await target.clean()
        }
        console.log(`  ${target.name}: ${KILLS} kills within ${Math.round(restoreMs)} ms`)
      }
    } finally {
      await external.stop()
    }
  } finally {
    await testbed.close()
    await rm(folder, { recursive: true, force: true })
  }
  for (const fault of faults) console.error(`  ${fault}`)
  console.log(faults.length === 0 ? '  nothing was lost, and every next run succeeded' : `  ${faults.length} faults`)
  return faults.length === 0
}

function embeddedTarget(dataDirectory: string): Target {
  return {
    name: 'embedded',
    environment: { DATABASE_URL: '', DATA_DIR: dataDirectory },
    async read() {
      const embedded = await startEmbeddedPostgres({ dataDirectory, onRestart() {}, onLost() {} })
      try {
        return await subjectsOf(embedded.connectionString)
      } finally {
        await embedded.stop()
      }
    },
    async clean() {
      for (const path of globSync(`${dataDirectory}/before-restore-*`)) await rm(path, { recursive: true })
    },
  }
}

function externalTarget(connectionString: string): Target {
  return {
    name: 'external',
    environment: { DATABASE_URL: connectionString },
    read: () => subjectsOf(connectionString),
    clean: () =>
      withConnection(connectionString, async (client) => {
        const { rows } = await client.query<{ name: string }>(
          `SELECT nspname AS name FROM pg_namespace WHERE nspname ~ '^before_restore'`,
        )
        for (const { name } of rows) await client.query(`DROP SCHEMA ${name} CASCADE`)
      }),
  }
}

/** The subjects of all messages, if there are as many as there have to be. */
async function subjectsOf(connectionString: string): Promise<string> {
  return withConnection(connectionString, async (client) => {
    const { rows } = await client.query<{ subject: string; count: number }>(
      `SELECT m.subject, count(*)::int AS count FROM messages m JOIN message_contents c ON c.message_id = m.id GROUP BY 1`,
    )
    return rows.map(({ subject, count }) => (count === MESSAGES ? subject : `${count} of ${subject}`)).join()
  })
}

async function withConnection<Result>(
  connectionString: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

async function succeed(
  testbed: Testbed,
  words: readonly string[],
  environment?: Record<string, string>,
): Promise<void> {
  const child = testbed.transfer(words, environment)
  let output = ''
  child.stderr?.on('data', (data: Buffer) => (output += data.toString()))
  child.stdout?.resume()
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`${words.join(' ')} ended with ${String(code)}: ${output}`)
}

async function killAfter(child: ChildProcess, ms: number): Promise<void> {
  const exited = once(child, 'exit')
  child.stdout?.resume()
  child.stderr?.resume()
  await Promise.race([exited, delay(ms)])
  child.kill('SIGKILL')
  await exited
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

async function addMessages({ pool }: Testbed): Promise<void> {
  await pool.query(
    `WITH waiting AS (
       INSERT INTO messages (id, tenant_id, service, "to", subject, created_at)
       SELECT 'msg_' || md5(n::text), 'ten_paused', 'load', '[]', 'one', now() FROM generate_series(1, $1::int) AS n
       RETURNING id, tenant_id
     )
     INSERT INTO message_contents (message_id, tenant_id, content, stored_bytes, begun_at)
     SELECT id, tenant_id, sha512(id::bytea), 64, now() FROM waiting`,
    [MESSAGES],
  )
}
