// node scripts/run.mjs scripts/migration-time.ts [ENDED] [WAITING] [--kills N] [--seconds S]: measures the migration of a
// version 1.0.0 database with that many messages. With --kills the process that migrates is killed N times before, at
// moments spread over S seconds, and the tables are compared each time.
import { fork } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { startEmbeddedPostgres } from '../apps/api/src/database/embedded-postgres.ts'
import { migrate } from '../apps/api/src/database/migrate.ts'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { kills: { type: 'string', default: '0' }, seconds: { type: 'string', default: '10' } },
})
const [kills, seconds] = [Number(values.kills), Number(values.seconds)]
const [ended = 1_000_000, waiting = 10_000] = positionals.map(Number)

const RUN_MIGRATE = fileURLToPath(new URL('../apps/api/src/test-support/run-migrate.ts', import.meta.url))
const MIGRATIONS = new URL('../prisma/migrations/', import.meta.url)
/** The last migration of version 1.0.0. */
const FIRST_RELEASE = '20261125010000_hosts'
const TENANTS = 20
const CONTENT_BYTES = 5_000

const directory = await mkdtemp(join(tmpdir(), 'inforiver-mail-migration-'))
const postgres = await startEmbeddedPostgres({ dataDirectory: directory, onRestart() {}, onLost() {} })
try {
  const client = new pg.Client({ connectionString: postgres.connectionString })
  client.on('error', () => {}) // when a step fails, the database stops under it
  await client.connect()
  await applyFirstRelease(client)
  await fill(client)
  const before = await sizeOf(client)
  for (let kill = 1; kill <= kills; kill++) await killMigration(client, (seconds * 1_000 * kill) / (kills + 1))
  let last = performance.now()
  let current = ''
  const lap = (next: string) => {
    const now = performance.now()
    if (current !== '') console.log(`  ${((now - last) / 1_000).toFixed(1)} s: ${current}`)
    last = now
    current = next
  }
  const startedAt = performance.now()
  await migrate(postgres.connectionString, {
    onProgress: (message) => (message.startsWith('applying') ? lap(message) : console.log(`  … ${message}`)),
  })
  lap('')
  const taken = ((performance.now() - startedAt) / 1_000).toFixed(1)
  console.log(
    `${ended} messages that have ended and ${waiting} that wait: migrated in ${taken} s; ${before} MB before, ${await sizeOf(client)} MB after`,
  )
  const { rows } = await client.query(
    'SELECT count(*)::int AS messages, count(outcome)::int AS ended, (SELECT count(*)::int FROM message_queue) AS queued FROM messages',
  )
  console.log(`  there are ${JSON.stringify(rows[0])}`)
  await client.end()
} finally {
  await postgres.stop()
  await rm(directory, { recursive: true, force: true })
}

/** Kills a migrating process after the given time, and throws unless the tables are as they were. */
async function killMigration(client: pg.Client, afterMs: number): Promise<void> {
  const before = await read()
  const child = fork(RUN_MIGRATE, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const exited = new Promise((resolve) => child.once('exit', resolve))
  await new Promise((resolve) => child.once('message', resolve))
  child.send(postgres.connectionString)
  await delay(afterMs)
  child.kill('SIGKILL')
  await exited
  const HELD = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`
  while ((await client.query(HELD)).rows.length > 0) await delay(100) // until PostgreSQL notices
  const { rows: migrated } = await client.query(`SELECT 1 WHERE to_regclass('message_queue') IS NOT NULL`)
  if (migrated.length > 0)
    throw new Error(`The migration was over after ${Math.round(afterMs)} ms. Choose fewer --seconds.`)
  const after = await read()
  if (after !== before) throw new Error(`Killed after ${afterMs} ms, ${before} became ${after}.`)
  console.log(`  killed after ${Math.round(afterMs)} ms: everything is as it was`)

  async function read(): Promise<string> {
    const { rows } = await client.query<{ state: string }>(
      `SELECT concat_ws(' ', count(*), count(content), sum(octet_length(content)), md5(string_agg(id || status, ',' ORDER BY id))) AS state FROM messages`,
    )
    return rows[0]?.state ?? ''
  }
}

async function applyFirstRelease(client: pg.Client): Promise<void> {
  await client.query(
    `CREATE TABLE _prisma_migrations (id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ,
       migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at TIMESTAMPTZ, started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
       applied_steps_count INTEGER NOT NULL DEFAULT 0)`,
  )
  const names = (await readdir(MIGRATIONS)).filter((name) => /^\d+_/.test(name) && name <= FIRST_RELEASE).sort()
  for (const name of names) {
    await client.query(await readFile(new URL(`${name}/migration.sql`, MIGRATIONS), 'utf8'))
    await client.query(
      'INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at) VALUES (gen_random_uuid(), $1, $1, now())',
      [name],
    )
  }
}

/** Fills in messages: of those that ended, 97% were sent, 2% failed (half of them retryable), and 1% were cancelled. */
async function fill(client: pg.Client): Promise<void> {
  await client.query(
    `INSERT INTO tenants (id, created_at) SELECT 'ten_' || n, now() FROM generate_series(1, $1) AS n`,
    [TENANTS],
  )
  await client.query(
    `INSERT INTO messages (id, tenant_id, service, status, from_email, "to", subject, created_at, sent_at, ended_at, problem, attempt_count,
                           content_key_sealed, content)
     SELECT 'msg_' || md5('ended' || n), 'ten_' || 1 + n % $2, 'reports', status, 'ada@contoso.com', '[{"address": "max@contoso.com"}]',
            'Your report of day ' || n, at, CASE WHEN status = 'sent' THEN at END, at,
            CASE WHEN status = 'failed' THEN '{"code": "recipient-refused", "title": "Refused", "detail": "The recipient was refused."}'::jsonb END,
            1, CASE WHEN kept THEN repeat('k', 300) END, CASE WHEN kept THEN decode(repeat('00', $3), 'hex') END
       FROM (SELECT n, now() - n * interval '2 seconds' AS at, n % 100 = 98 AS kept,
                    CASE n % 100 WHEN 97 THEN 'failed' WHEN 98 THEN 'failed' WHEN 99 THEN 'cancelled' ELSE 'sent' END AS status
               FROM generate_series(1, $1::int) AS n) AS ended`,
    [ended, TENANTS, CONTENT_BYTES],
  )
  await client.query(
    `INSERT INTO message_attempts (tenant_id, message_id, at, outcome, detail)
     SELECT tenant_id, id, ended_at, status, 'Microsoft accepted the message.' FROM messages WHERE status <> 'cancelled'`,
  )
  await client.query(
    `INSERT INTO messages (id, tenant_id, service, status, "to", subject, created_at, next_attempt_at, content_key_sealed, content)
     SELECT 'msg_' || md5('waiting' || n), 'ten_' || 1 + n % $2, 'reports', 'queued', '[{"address": "max@contoso.com"}]', 'Report ' || n, now(), now(),
            repeat('k', 300), decode(repeat('00', $3), 'hex')
       FROM generate_series(1, $1::int) AS n`,
    [waiting, TENANTS, CONTENT_BYTES],
  )
  await client.query('ANALYZE')
}

async function sizeOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ megabytes: number }>(
    'SELECT (pg_database_size(current_database()) / 1e6)::int AS megabytes',
  )
  return rows[0]?.megabytes ?? 0
}
