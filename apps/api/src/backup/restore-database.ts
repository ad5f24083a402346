import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { ConfigurationError } from '../configuration/config.ts'
import { migrate } from '../database/migrations/migrate.ts'
import { inClientTransaction } from '../database/transaction.ts'
import { BASELINE, isBefore2 } from '../database/migrations/version-1-5.ts'
import { failUnsent, countUnsent, type Unsent } from '../queue/changes/not-resent.ts'
import {
  currentSchema,
  inOrderOfReferences,
  listTables,
  prepareSession,
  quoted,
  type StoredTable,
} from './catalogue.ts'
import { tableStream } from './manifest.ts'
import type { Backup } from './open-backup.ts'

// A restore fills a schema of its own. When all is there, one transaction moves what the product's schema has to a schema
// that keeps it, and the restored tables into its place.

/** What a restore that was cut off leaves behind, and the next one removes. */
const RESTORING_SCHEMA = 'inforiver_mail_restoring'
const SWITCH_LOCK_TIMEOUT_MS = 60_000

export interface RestoreOptions {
  /** An address of the database, for the migrations. */
  readonly connectionString: string
  readonly noResend: boolean
  /** Part of the name of the schema that keeps what was there. */
  readonly time: string
  /** Called when the tables are there, before anything is replaced. */
  readonly check: (client: pg.Client) => Promise<void>
  readonly print: (line: string) => void
}

export interface Restored {
  /** The messages that would be sent, as they were in the backup. */
  readonly unsent: Unsent
  /** The schema that keeps what was there; null where there was nothing. */
  readonly kept: string | null
}

/** Whether there are data that a restore would replace. */
export async function isInUse(client: pg.Client): Promise<boolean> {
  const names = (await listTables(client, await currentSchema(client))).map(({ name }) => name)
  if (names.length === 0) return false
  if (!names.includes('installation'))
    throw new ConfigurationError(
      'The database holds tables of another program. Give Inforiver Mail a database of its own.',
    )
  const { rows } = await client.query<{ used: boolean }>('SELECT EXISTS (SELECT FROM installation) AS used')
  return rows[0]?.used === true
}

/** Restores a backup into the database of the client. Nobody else may use it meanwhile. */
export async function restoreDatabase(
  client: pg.Client,
  backup: Backup,
  { connectionString, noResend, time, check, print }: RestoreOptions,
): Promise<Restored> {
  await prepareSession(client)
  const productSchema = await currentSchema(client)
  await client.query(`DROP SCHEMA IF EXISTS ${RESTORING_SCHEMA} CASCADE`)
  await client.query(`CREATE SCHEMA ${RESTORING_SCHEMA}`)
  const { migrations } = backup.manifest
  const only = new Set(isBefore2(migrations) ? [BASELINE] : migrations)
  await migrate(connectionString, { schema: RESTORING_SCHEMA, only })
  await client.query(`SET search_path = ${RESTORING_SCHEMA}`)
  await inClientTransaction(client, async () => {
    await load(client, backup)
    for (const { name, lastValue, isCalled } of backup.manifest.sequences)
      await client.query('SELECT setval($1::regclass, $2::bigint, $3)', [
        quoted(RESTORING_SCHEMA, name),
        lastValue,
        isCalled,
      ])
  })
  await migrate(connectionString, { schema: RESTORING_SCHEMA, onProgress: print })
  await check(client)
  const unsent = await countUnsent(client)
  if (noResend) await failUnsent(client)
  const kept = await inClientTransaction(client, async () => {
    await client.query(`SET LOCAL lock_timeout = ${SWITCH_LOCK_TIMEOUT_MS}`)
    const keeping = await keepOld(client, productSchema, time)
    await moveObjects(client, RESTORING_SCHEMA, productSchema)
    await client.query(`DROP SCHEMA ${RESTORING_SCHEMA}`)
    return keeping
  })
  return { unsent, kept }
}

/** Loads the tables without their triggers, which would count the rows a second time. */
async function load(client: pg.Client, backup: Backup): Promise<void> {
  const known = await listTables(client, RESTORING_SCHEMA)
  const stored = backup.manifest.tables.filter(({ area }) => area === 'product')
  const tables = stored.map((table): StoredTable => {
    const target = known.find(({ name }) => name === table.name)
    const unknown = table.columns.find((column) => target?.columns.includes(column) !== true)
    if (target === undefined || unknown !== undefined)
      throw new ConfigurationError(
        `${backup.path} cannot be restored: its migrations make no ${target === undefined ? `table ${table.name}` : `column ${unknown} of ${table.name}`}.`,
      )
    return { name: table.name, columns: table.columns, isPartitioned: target.isPartitioned }
  })
  for (const table of await inOrderOfReferences(client, RESTORING_SCHEMA, tables)) {
    const name = quoted(RESTORING_SCHEMA, table.name)
    const columns = table.columns.map((column) => pg.escapeIdentifier(column)).join()
    if (!table.isPartitioned) await client.query(`ALTER TABLE ${name} DISABLE TRIGGER USER`)
    await client.query(`DELETE FROM ${name}`) // what the construction has put there is in the backup too
    await pipeline(
      Readable.from(backup.read(tableStream(table)), { objectMode: true, highWaterMark: 1 }),
      client.query(copyFrom(`COPY ${name} (${columns}) FROM STDIN`)),
    )
    if (!table.isPartitioned) await client.query(`ALTER TABLE ${name} ENABLE TRIGGER USER`)
  }
}

/** Moves what there is to a schema that keeps it. Returns its name; null where there was nothing. */
async function keepOld(client: pg.Client, productSchema: string, time: string): Promise<string | null> {
  const kept = await freeName(client, `before_restore_${time.replaceAll('-', '_')}`)
  const { rowCount: objects } = await client.query(OBJECTS, [productSchema])
  const isKept = (objects ?? 0) > 0
  if (isKept) {
    await client.query(`CREATE SCHEMA ${pg.escapeIdentifier(kept)}`)
    await moveObjects(client, productSchema, kept)
  }
  return isKept ? kept : null
}

/** Two restores may be made within a second. */
async function freeName(client: pg.Client, name: string): Promise<string> {
  const { rows } = await client.query<{ taken: string }>('SELECT nspname AS taken FROM pg_namespace')
  const taken = new Set(rows.map((row) => row.taken))
  let free = name
  for (let count = 2; taken.has(free); count++) free = `${name}_${count}`
  return free
}

/**
 * Tables with their indexes and sequences, views and functions of a schema, without those of extensions. Renaming the
 * schema would take its grants and its extensions along, and whoever owns the tables need not own the schema.
 */
const OBJECTS = `
SELECT format('ALTER TABLE %s', c.oid::regclass) AS command FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
UNION ALL
SELECT format('ALTER SEQUENCE %s', c.oid::regclass) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = $1 AND c.relkind = 'S'
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i', 'e'))
UNION ALL
SELECT format('ALTER ROUTINE %s', p.oid::regprocedure) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
 WHERE n.nspname = $1
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
UNION ALL
SELECT format('ALTER TYPE %s', t.oid::regtype) FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
 WHERE n.nspname = $1 AND t.typtype IN ('e', 'd', 'r')
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e')`

async function moveObjects(client: pg.Client, from: string, to: string): Promise<void> {
  const { rows } = await client.query<{ command: string }>(OBJECTS, [from])
  for (const { command } of rows) await client.query(`${command} SET SCHEMA ${pg.escapeIdentifier(to)}`)
}
