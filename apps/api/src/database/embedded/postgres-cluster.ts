import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigurationError } from '../../configuration/config.ts'
import { syncDirectory, writeDurably } from '../../runtime/durable-file.ts'
import { exists, readFreeBytes } from './data-folder.ts'
import { chooseAddress, ROLE_NAME } from './postgres-address.ts'
import { choosePostgresAccount, findBinaries, handOver, runProgram, type Programs } from './postgres-programs.ts'
import { findServer, type Cluster } from './postgres-server.ts'

// The files of the embedded PostgreSQL: its cluster, with the product's role and database in it, and the password beside it.

export const DATABASE_NAME = 'inforiver_mail'
/** Every cluster has this superuser. It has no password, so it cannot log in. */
const BOOTSTRAP_ROLE = 'inforiver_mail_bootstrap'

const PROGRAM_TIMEOUT_MS = 120_000 // crash recovery may come first
/** The size of a new cluster with two segments of the write-ahead log. */
const NEW_DATABASE_BYTES = 100 * 1024 * 1024
const PASSWORD_PATTERN = /^[0-9a-f]{48}$/

/** Opens the cluster in a data folder, and creates it if there is none. */
export async function openCluster({
  dataDirectory,
  runtimeDirectory = null,
  signal,
}: {
  dataDirectory: string
  runtimeDirectory?: string | null
  signal?: AbortSignal | undefined
}): Promise<Cluster> {
  const directory = join(dataDirectory, 'postgres')
  const binaries = await findBinaries()
  const account = await choosePostgresAccount(directory, binaries.postgres)
  const isNew = !(await exists(join(directory, 'PG_VERSION')))
  if (isNew) await refuseSmallDisk(dataDirectory)
  const password = (await readPassword(dataDirectory)) ?? (await makePassword(dataDirectory))
  if (isNew) await initialise({ binaries, account }, { directory, password, signal })
  const address = await chooseAddress(directory, account, {
    runtimeDirectory,
    tcpPort: (await findServer(directory))?.port ?? null,
  })
  return { binaries, account, dataDirectory, directory, password, address }
}

async function refuseSmallDisk(dataDirectory: string): Promise<void> {
  const freeBytes = await readFreeBytes(dataDirectory)
  if (freeBytes >= NEW_DATABASE_BYTES) return
  const [free, needed] = [freeBytes, NEW_DATABASE_BYTES].map((bytes) => Math.floor(bytes / 1024 / 1024))
  throw new ConfigurationError(
    `The disk of the data folder ${dataDirectory} is too small: it has ${free} MB free, and a new database takes ${needed} MB. Make room, or set DATA_DIR to another folder.`,
  )
}

/**
 * Creates a cluster beside its final place and renames it, so that a kill leaves nothing half done. The temporary name is
 * unique: an initdb that survived a kill may still be running, and removes its own folder when it fails.
 */
async function initialise(
  programs: Programs,
  { directory, password, signal }: { directory: string; password: string; signal: AbortSignal | undefined },
): Promise<void> {
  await removeUnfinished(directory)
  const unfinished = `${directory}.new-${randomBytes(4).toString('hex')}`
  const passwordFile = join(unfinished, 'password')
  const target = join(unfinished, 'cluster')
  try {
    await mkdir(target, { recursive: true, mode: 0o700 })
    await writeFile(passwordFile, randomBytes(24).toString('hex'), { mode: 0o600 }) // prepareCluster removes it again
    for (const path of [unfinished, target, passwordFile]) await handOver(path, programs.account)
    const parameters = [
      `--pgdata=${target}`,
      `--username=${BOOTSTRAP_ROLE}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--data-checksums',
    ]
    await runProgram(programs, 'initdb', parameters, { timeoutMs: PROGRAM_TIMEOUT_MS, signal })
    await prepareCluster(programs, target, password)
    await rename(target, directory)
    await syncDirectory(join(directory, '..'))
  } finally {
    await removeUnfinished(directory).catch(() => {}) // the next start tries again
  }
}

async function removeUnfinished(directory: string): Promise<void> {
  const parent = join(directory, '..')
  for (const name of await readdir(parent))
    if (name.startsWith('postgres.new')) await rm(join(parent, name), { recursive: true, force: true })
}

export function passwordFileOf(dataDirectory: string): string {
  return join(dataDirectory, 'postgres-password')
}

/** Returns null when there is no password, or when a power cut left something else in its file. */
export async function readPassword(dataDirectory: string): Promise<string | null> {
  const text = await readFile(passwordFileOf(dataDirectory), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  return PASSWORD_PATTERN.test(text) ? text : null
}

/** Stores a new password. The cluster adopts it when it refuses the login, by `prepareCluster`. */
async function makePassword(dataDirectory: string): Promise<string> {
  const password = randomBytes(24).toString('hex')
  await writeDurably(passwordFileOf(dataDirectory), password)
  return password
}

/**
 * Creates the product's role and database in a cluster that is not running. The role is no superuser, has this password,
 * and owns its database. The operation is idempotent, and replaces a lost password. It uses PostgreSQL's single-user mode,
 * which asks for no password and does not listen.
 */
export async function prepareCluster(programs: Programs, directory: string, password: string): Promise<void> {
  const found = await runSql(programs, directory, [
    prepareRole(password),
    `SELECT datname FROM pg_database WHERE datname = '${DATABASE_NAME}'`,
  ])
  if (!found.includes(`"${DATABASE_NAME}"`))
    await runSql(programs, directory, [`CREATE DATABASE ${DATABASE_NAME} OWNER ${ROLE_NAME}`])
}

/** Whether the role that asks is the superuser, as version 1.0.0 made it. */
export const IS_SUPERUSER = 'SELECT rolsuper AS super FROM pg_roles WHERE rolname = current_user'

function prepareRole(password: string): string {
  return `DO $prepare$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${ROLE_NAME}') THEN
    CREATE ROLE ${ROLE_NAME};
  END IF;
  SET LOCAL password_encryption = 'scram-sha-256';
  ALTER ROLE ${ROLE_NAME} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD '${password}';
  ALTER ROLE ${BOOTSTRAP_ROLE} PASSWORD NULL;
END $prepare$`
}

/** Runs statements in single-user mode, each in its own transaction, until one fails. */
async function runSql(programs: Programs, directory: string, statements: readonly string[]): Promise<string> {
  const settings = {
    exit_on_error: 'on',
    search_path: 'pg_catalog',
    log_min_error_statement: 'panic', // a statement holds the password
    log_statement: 'none',
    log_checkpoints: 'off',
    logging_collector: 'off',
  }
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  // With -j a statement ends at a semicolon that an empty line follows.
  return runProgram(programs, 'postgres', ['--single', '-j', '-D', directory, ...flags, 'postgres'], {
    timeoutMs: PROGRAM_TIMEOUT_MS,
    input: statements.map((statement) => `${statement};\n\n`).join(''),
  })
}
