import { existsSync, globSync } from 'node:fs'
import { mkdtempDisposable, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { openBackup } from '../../apps/api/src/backup/open-backup.ts'
import { startEmbeddedPostgres } from '../../apps/api/src/database/embedded/embedded-postgres.ts'
import { writeEndedMessages } from '../../apps/api/src/test-support/ended-messages.ts'
import { VERSION } from '../../apps/api/src/runtime/version.ts'
import { openTestbed, type Database, type Testbed } from '../testbed/testbed.ts'
import { createRandom, type Random } from './random.ts'

const KILLS = 10
const MESSAGES = 20_000

/** Where a restore goes. */
interface Target {
  readonly name: string
  readonly environment: Readonly<Record<string, string>>
  readonly open: () => Promise<Database>
}

/** Two backups that tell themselves apart by the subject of all messages. */
interface Backups {
  readonly one: string
  readonly other: string
}

/** Kills backups and restores at random moments. Resolves to whether every promise held. */
export async function runKilledBackups(seed: number): Promise<boolean> {
  console.log(
    `backup, seed ${seed}: ${KILLS} kills of a backup, of a restore into the embedded and into an external database`,
  )
  const random = createRandom(seed)
  await using temporary = await mkdtempDisposable(join(tmpdir(), 'inforiver-mail-killed-'))
  const folder = temporary.path
  await using testbed = await openTestbed()
  const faults: string[] = []
  await (await testbed.start('api')).stop() // it writes down whose database this is
  const backups = await killBackups(testbed, folder, random, faults)
  const [dataDirectory, external] = [join(folder, 'data'), await startPostgres(join(folder, 'external'))]
  try {
    const targets: readonly Target[] = [
      {
        name: 'embedded',
        environment: { DATABASE_URL: '', DATA_DIR: dataDirectory },
        open: () => startPostgres(dataDirectory),
      },
      {
        name: 'external',
        environment: { DATABASE_URL: external.connectionString },
        open: async () => ({ ...external, stop: async () => {} }),
      },
    ]
    for (const target of targets) await killRestores(testbed, target, backups, random, faults)
  } finally {
    await external.stop()
  }
  for (const fault of faults) console.error(`  ${fault}`)
  console.log(faults.length === 0 ? '  nothing was lost, and every next run succeeded' : `  ${faults.length} faults`)
  return faults.length === 0
}

/** A backup that was killed is not there, or whole. */
async function killBackups(testbed: Testbed, folder: string, random: Random, faults: string[]): Promise<Backups> {
  const { pool } = testbed
  const [tenant] = await testbed.addTenants(1)
  const ended = { tenantId: tenant?.id ?? '', from: 0, count: MESSAGES, newestAt: new Date(), secondsApart: 1 }
  await writeEndedMessages(pool, { ...ended, someUnsent: false })
  const [one, other] = [join(folder, 'one.backup'), join(folder, 'other.backup')]
  await pool.query(`UPDATE messages SET subject = 'one'`)
  const backupMs = await succeed(testbed, ['backup', '--to', one])
  await pool.query(`UPDATE messages SET subject = 'other'`)
  await succeed(testbed, ['backup', '--to', other])
  for (let kill = 1; kill <= KILLS; kill++) {
    const path = join(folder, `killed-${kill}.backup`)
    await killAfter(random.between(0, backupMs), testbed, ['backup', '--to', path])
    if (existsSync(path)) await (await openBackup(path, VERSION)).close()
    else await succeed(testbed, ['backup', '--to', path])
    if (existsSync(`${path}.part`)) faults.push(`${path}.part is left after the next backup.`)
    await rm(path)
  }
  return { one, other }
}

/** A restore that was killed leaves what was there, or what it restores, and the next one succeeds. */
async function killRestores(
  testbed: Testbed,
  { name, environment, open }: Target,
  { one, other }: Backups,
  random: Random,
  faults: string[],
): Promise<void> {
  const replaceBy = (path: string) => ['restore', '--from', path, '--replace']
  await succeed(testbed, ['restore', '--from', one], environment)
  const restoreMs = await succeed(testbed, replaceBy(one), environment)
  for (let kill = 1; kill <= KILLS; kill++) {
    const [wanted, path] = kill % 2 === 0 ? ['one', one] : ['other', other]
    await killAfter(random.between(0, restoreMs), testbed, replaceBy(path), environment)
    const found = await read()
    if (found !== 'one' && found !== 'other') faults.push(`${name}, kill ${kill}: found ${found}.`)
    await succeed(testbed, replaceBy(path), environment)
    const next = await read()
    if (next !== wanted) faults.push(`${name}, kill ${kill}: the next restore left ${next}.`)
  }
  console.log(`  ${name}: ${KILLS} kills within ${restoreMs} ms`)

  /** Returns the subjects of all messages, and removes what former restores have kept. */
  async function read(): Promise<string> {
    const database = await open()
    const client = new pg.Client({ connectionString: database.connectionString })
    try {
      await client.connect()
      const { rows } = await client.query<{ subject: string; count: number }>(
        'SELECT subject, count(*)::int AS count FROM messages GROUP BY 1',
      )
      const { rows: kept } = await client.query<{ name: string }>(
        `SELECT nspname AS name FROM pg_namespace WHERE nspname ~ '^before_restore'`,
      )
      for (const schema of kept) await client.query(`DROP SCHEMA ${schema.name} CASCADE`)
      return rows.map(({ subject, count }) => (count === MESSAGES ? subject : `${count} of ${subject}`)).join()
    } finally {
      await client.end()
      await database.stop()
      for (const folder of globSync(`${environment['DATA_DIR'] ?? '.'}/before-restore-*`))
        await rm(folder, { recursive: true })
    }
  }
}

function startPostgres(dataDirectory: string): Promise<Database> {
  return startEmbeddedPostgres({ dataDirectory, onRestart() {}, onLost() {} })
}

/** Returns how many ms it took. */
async function succeed(
  testbed: Testbed,
  words: readonly string[],
  environment?: Readonly<Record<string, string>>,
): Promise<number> {
  const startedAt = performance.now()
  const { code, output } = await testbed.command(words, environment).ended
  if (code !== 0) throw new Error(`${words.join(' ')} ended with ${String(code)}: ${output}`)
  return Math.round(performance.now() - startedAt)
}

async function killAfter(
  ms: number,
  testbed: Testbed,
  words: readonly string[],
  environment?: Readonly<Record<string, string>>,
): Promise<void> {
  const { ended, kill } = testbed.command(words, environment)
  await Promise.race([ended, delay(ms)])
  kill()
  await ended
}
