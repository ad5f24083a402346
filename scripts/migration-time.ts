// node scripts/run.mjs scripts/migration-time.ts [ENDED] [WAITING]: measures the migration of a version 1.0.0 database
// with that many messages.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { startEmbeddedPostgres } from '../apps/api/src/database/embedded-postgres.ts'
import { migrate } from '../apps/api/src/database/migrate.ts'

const { positionals } = parseArgs({ allowPositionals: true })
const [ended = 1_000_000, waiting = 10_000] = positionals.map(Number)

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
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1)
  console.log(
    `${ended} messages that have ended and ${waiting} that wait: migrated in ${seconds} s; ${before} MB before, ${await sizeOf(client)} MB after`,
  )
  await client.end()
} finally {
  await postgres.stop()
  await rm(directory, { recursive: true, force: true })
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
