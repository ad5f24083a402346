import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import type { TokenVault } from '@inforiver-mail/m365/token-vault'
import type pg from 'pg'
import { ConfigurationError } from '../configuration/config.ts'
import {
  describeVaultFaults,
  findVaultFaults,
  sampleSealedValues,
  type SealedSample,
} from '../database/sealed-values.ts'
import type { SealedColumn } from '../domain/sealed-column.ts'
import type { BackupFile } from './backup-file.ts'
import {
  FORMAT,
  HEAD_NAME,
  KEYS_NAME,
  MANIFEST_HASH_NAME,
  MANIFEST_NAME,
  simulatorStream,
  tableStream,
  type Head,
  type Manifest,
} from './manifest.ts'
import { writeSegments } from './segments.ts'
import { withSnapshot } from './snapshot.ts'

export interface BackupContents {
  readonly version: string
  readonly createdAt: Date
  /** All that there may be: those that this database does not have are left out. */
  readonly sealedColumns: readonly SealedColumn[]
  /** The vault keys, to be put inside; null to leave them out. */
  readonly keys: EnclosedKeys | null
  /** The simulator's folder in the demo. */
  readonly simulatorDirectory: string | null
}

/** The vault keys in the notation of VAULT_KEYS, and a vault that has them. */
export interface EnclosedKeys {
  readonly text: string
  readonly vault: TokenVault
}

/**
 * Writes everything that a backup holds, from one snapshot of the database.
 *
 * @throws {ConfigurationError} when the keys to be enclosed do not open what is stored
 */
export async function writeBackup(
  client: pg.Client,
  file: BackupFile,
  { version, createdAt, sealedColumns, keys, simulatorDirectory }: BackupContents,
): Promise<Manifest> {
  const add = file.add.bind(file)
  const head: Head = { product: 'inforiver-mail', format: FORMAT, version, createdAt: createdAt.toISOString() }
  await add(HEAD_NAME, toJson(head))
  return withSnapshot(client, async (snapshot) => {
    const tables: Manifest['tables'] = []
    const sealed = await readSamples(client, sealedColumns)
    if (keys !== null) await refuseOtherKeys(keys.vault, sealed)
    for (const table of snapshot.tables) {
      const summary = await writeSegments(tableStream(table), snapshot.read(table), add)
      tables.push({ area: 'product', name: table.name, columns: [...table.columns], ...summary })
    }
    if (keys !== null) await add(KEYS_NAME, Buffer.from(keys.text))
    const manifest: Manifest = {
      format: FORMAT,
      version,
      createdAt: createdAt.toISOString(),
      migrations: [...snapshot.migrations],
      tables,
      sequences: await snapshot.readSequences(),
      storedBytes: snapshot.storedBytes,
      installation: snapshot.installation,
      sealed,
      keysSha256: keys === null ? null : sha256Of(Buffer.from(keys.text)),
      // Comes after the tables, so that the simulated Microsoft knows everything that the product has been told.
      simulator: simulatorDirectory === null ? null : await writeSimulator(simulatorDirectory, add),
    }
    const text = toJson(manifest)
    await add(MANIFEST_NAME, text)
    await add(MANIFEST_HASH_NAME, Buffer.from(sha256Of(text)))
    return manifest
  })
}

/** Nobody could restore the backup with what is inside, and that would only be found then. */
async function refuseOtherKeys(vault: TokenVault, sealed: readonly SealedSample[]): Promise<void> {
  const faults = await findVaultFaults(vault, sealed)
  if (faults.size === 0) return
  throw new ConfigurationError(
    `The configured vault keys do not open what the database holds: ${describeVaultFaults(faults)}. Put the keys that the product runs with into VAULT_KEYS or the key file, or leave out --with-keys. If they are lost for good: inforiver-mail vault forget.`,
  )
}

async function readSamples(client: pg.Client, columns: readonly SealedColumn[]): Promise<SealedSample[]> {
  const { rows } = await client.query<{ table: string; column: string }>(
    `SELECT table_name AS "table", column_name AS "column" FROM information_schema.columns WHERE table_schema = current_schema()`,
  )
  const present = new Set(rows.map(({ table, column }) => `${table}.${column}`))
  const stored = columns.filter(({ table, column }) => present.has(`${table}.${column}`))
  await client.query('SET LOCAL enable_seqscan = off') // an index finds one value of each key among very many
  const samples = await sampleSealedValues(client, stored)
  await client.query('SET LOCAL enable_seqscan = on')
  return samples
}

/** The simulator appends to its files or replaces them whole, so that each can be read at any moment. */
async function writeSimulator(
  directory: string,
  add: (name: string, content: Buffer) => Promise<void>,
): Promise<NonNullable<Manifest['simulator']>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(ifMissing([]))
  const files: NonNullable<Manifest['simulator']> = []
  for (const entry of entries) {
    if (!entry.isFile() || entry.name.endsWith('.part') || entry.name.endsWith('.next')) continue
    const path = relative(directory, join(entry.parentPath, entry.name)).replaceAll(sep, '/')
    const summary = await writeSegments(simulatorStream(path), readFileIn(join(directory, path)), add)
    files.push({ path, ...summary })
  }
  return files
}

async function* readFileIn(path: string): AsyncGenerator<Buffer> {
  try {
    for await (const content of createReadStream(path)) yield content as Buffer
  } catch (error) {
    ifMissing(null)(error as NodeJS.ErrnoException) // the simulator has removed it, and needs it no more
  }
}

function ifMissing<Value>(value: Value): (error: NodeJS.ErrnoException) => Value {
  return (error) => {
    if (error.code !== 'ENOENT') throw error
    return value
  }
}

function toJson(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value, null, 1)}\n`)
}

function sha256Of(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}
