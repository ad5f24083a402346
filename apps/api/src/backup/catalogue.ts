import pg from 'pg'
import { applySettings, NO_TIME_LIMITS } from '../database/session-settings.ts'

/** Fixes how values are written as text, which the server, the role or the address may set otherwise. */
const SESSION = {
  client_encoding: 'UTF8',
  DateStyle: 'ISO, YMD',
  IntervalStyle: 'iso_8601',
  TimeZone: 'UTC',
  bytea_output: 'hex',
  extra_float_digits: '1',
  ...NO_TIME_LIMITS,
}

export interface StoredTable {
  readonly name: string
  /** Those that hold a value, in order. */
  readonly columns: readonly string[]
  readonly isPartitioned: boolean
}

/** Prepares a connection for reading or writing whole tables. */
export async function prepareSession(client: pg.ClientBase): Promise<void> {
  await applySettings(client, SESSION)
}

export async function currentSchema(client: pg.ClientBase): Promise<string> {
  const { rows } = await client.query<{ schema: string }>('SELECT current_schema() AS schema')
  return rows[0]?.schema ?? 'public'
}

export function quoted(schema: string, name: string): string {
  return `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`
}

/** Partitions belong to their table. Which migrations were applied is told by their names instead of by a table. */
const TABLES = `
SELECT c.relname AS name, c.relkind = 'p' AS "isPartitioned",
       ARRAY(SELECT a.attname::text FROM pg_attribute a
              WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum) AS columns
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> '_prisma_migrations'
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
 ORDER BY c.relname`

export async function listTables(client: pg.ClientBase, schema: string): Promise<StoredTable[]> {
  return (await client.query<StoredTable>(TABLES, [schema])).rows
}

/** $1 schema */
const REFERENCES = `
SELECT DISTINCT child.relname AS child, parent.relname AS parent
  FROM pg_constraint k
  JOIN pg_class child ON child.oid = coalesce(pg_partition_root(k.conrelid), k.conrelid)
  JOIN pg_class parent ON parent.oid = coalesce(pg_partition_root(k.confrelid), k.confrelid)
  JOIN pg_namespace n ON n.oid = child.relnamespace
 WHERE k.contype = 'f' AND n.nspname = $1 AND child.oid <> parent.oid`

/** Sorts tables so that each comes after those that its rows refer to. */
export async function inOrderOfReferences(
  client: pg.ClientBase,
  schema: string,
  tables: readonly StoredTable[],
): Promise<StoredTable[]> {
  const { rows } = await client.query<{ child: string; parent: string }>(REFERENCES, [schema])
  const sorted: StoredTable[] = []
  let rest = tables
  while (rest.length > 0) {
    const left = new Set(rest.map(({ name }) => name))
    const free = rest.filter(({ name }) => !rows.some(({ child, parent }) => child === name && left.has(parent)))
    if (free.length === 0) throw new Error(`The tables ${[...left].join(', ')} refer to each other.`)
    sorted.push(...free)
    rest = rest.filter((table) => !free.includes(table))
  }
  return sorted
}

export async function listSequences(client: pg.ClientBase, schema: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relkind = 'S' ORDER BY c.relname`,
    [schema],
  )
  return rows.map(({ name }) => name)
}
