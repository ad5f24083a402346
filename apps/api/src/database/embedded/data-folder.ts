import { access, chown, constants, mkdir, open, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
import { ConfigurationError } from '../../configuration/config.ts'

const LOCK_ATTEMPTS = 4 // `inforiver-mail vault` takes the lock for a moment to see whether it is free
const BETWEEN_ATTEMPTS_MS = 50
const SQLITE_BUSY = 5
/** PostgreSQL stops when it cannot create another segment of its write-ahead log. */
const WAL_SEGMENT_BYTES = 16 * 1024 * 1024

export interface DataFolder {
  /** Unlocks the folder. The system does so too when this process dies. */
  release(): void
}

/**
 * Creates the data folder if need be, and locks it for this process alone. Returns null when another process has it.
 *
 * @throws {ConfigurationError} when the folder cannot be used
 */
export async function takeDataFolder(path: string): Promise<DataFolder | null> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
    await access(path, constants.W_OK)
    await makeLockFile(path)
    for (let attempt = 1; ; attempt++) {
      const lock = tryLock(lockFileOf(path))
      if (lock !== null) return { release: () => lock.close() }
      if (attempt === LOCK_ATTEMPTS) return null
      await delay(BETWEEN_ATTEMPTS_MS)
    }
  } catch (error) {
    throw (await findFolderFault(error, path)) ?? describeLockFault(error, path)
  }
}

/** Whether a process uses the folder. Creates nothing. */
export async function isDataFolderTaken(path: string): Promise<boolean> {
  if (!(await exists(lockFileOf(path)))) return false
  const lock = tryLock(lockFileOf(path))
  lock?.close()
  return lock === null
}

/** Turns an error into a sentence if it names the data folder or its disk as the cause, else returns null. */
export function folderFaultOf(error: unknown, path: string): ConfigurationError | null {
  if (error instanceof ConfigurationError) return error
  const { code, syscall = '', message = '', stderr = '' } = error as Fault
  const isAboutFolder = !['spawn', 'connect'].some((call) => syscall.startsWith(call))
  return describe(causeOf(`${message}\n${stderr}`) ?? (isAboutFolder ? String(code) : 'none'), path)
}

/** Like `folderFaultOf`, but examines the folder and its disk when the error does not name a cause. */
export async function findFolderFault(error: unknown, path: string): Promise<ConfigurationError | null> {
  return folderFaultOf(error, path) ?? describe(await probe(path), path)
}

/** An error of Node, of PostgreSQL, or of a program that was run. */
interface Fault {
  readonly code?: unknown
  readonly syscall?: string
  readonly message?: string
  readonly stderr?: string
}

/** Maps the messages of PostgreSQL's programs, which run with LC_ALL=C, to error codes. */
const CAUSES: ReadonlyArray<readonly [RegExp, string]> = [
  [/: no space left on device/i, 'ENOSPC'],
  [/: disk quota exceeded/i, 'EDQUOT'],
  [/: read-only file system/i, 'EROFS'],
  [/: permission denied|unable to open database file/i, 'EACCES'],
]

function causeOf(text: string): string | null {
  return CAUSES.find(([pattern]) => pattern.test(text))?.[1] ?? null
}

function describe(code: string, path: string): ConfigurationError | null {
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return new ConfigurationError(
        `The data folder ${path} cannot be written (${code}). Give this account the right to write there, or set DATA_DIR to another folder.`,
      )
    case 'EROFS':
      return new ConfigurationError(
        `The data folder ${path} cannot be written (${code}): its disk is read-only. Mount the disk for writing, or set DATA_DIR to another folder.`,
      )
    case 'ENOSPC':
    case 'EDQUOT':
    case '53100': // PostgreSQL's code for a full disk
      return new ConfigurationError(`The disk of the data folder ${path} is full.`)
    case 'EEXIST':
    case 'ENOTDIR':
      return new ConfigurationError(`DATA_DIR names ${path}, which is not a folder.`)
    default:
      return null
  }
}

function describeLockFault(error: unknown, path: string): unknown {
  if ((error as Fault).code !== 'ERR_SQLITE_ERROR') return error
  return new ConfigurationError(
    `The data folder ${path} cannot be locked (${(error as Error).message}). Set DATA_DIR to a folder on a local disk.`,
  )
}

/** Examines a folder. For a missing one it examines the parent, since Node only reports ENOENT. */
async function probe(path: string): Promise<string> {
  try {
    await access(path, constants.W_OK)
    return (await readFreeBytes(path)) < WAL_SEGMENT_BYTES ? 'ENOSPC' : 'none'
  } catch (error) {
    const { code = 'none' } = error as NodeJS.ErrnoException
    return code === 'ENOENT' && dirname(path) !== path ? probe(dirname(path)) : code
  }
}

/** Returns infinity when the file system does not report it. */
export async function readFreeBytes(path: string): Promise<number> {
  const { bavail, bsize, blocks } = await statfs(path)
  return blocks === 0 ? Infinity : bavail * bsize
}

export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false
      throw error
    },
  )
}

function lockFileOf(path: string): string {
  return join(path, 'lock')
}

/** Creates the lock file. Root creates it for the owner of the folder. */
async function makeLockFile(path: string): Promise<void> {
  if (await exists(lockFileOf(path))) return
  await (await open(lockFileOf(path), 'a', 0o600)).close()
  if (process.getuid?.() !== 0) return
  const { uid, gid } = await stat(path)
  await chown(lockFileOf(path), uid, gid)
}

/**
 * Locks a file through SQLite, because Node has no API for file locks. SQLite writes nothing to the file. This process
 * must not open it otherwise: with POSIX locks, closing any descriptor releases the lock.
 */
function tryLock(path: string): { close(): void } | null {
  const database = new DatabaseSync(path)
  try {
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    return database
  } catch (error) {
    database.close()
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return null
    throw error
  }
}
