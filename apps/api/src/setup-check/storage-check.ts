import { constants, type Stats } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isReadableByOthers } from '../runtime/file-mode.ts'
import { found, type Outcome } from './run-checks.ts'

const MIB = 1024 * 1024
/** A new database takes as much, and a running one needs room for its log. */
const FULL_BELOW_BYTES = 100 * MIB
const LOW_BELOW_BYTES = 1024 * MIB
/** PostgreSQL does not start on a folder that its group may write or that others may enter. */
const REFUSED_MODES = 0o027
const SECRET_FILES = ['vault-keys', 'postgres-password']

export interface StorageQuestion {
  readonly dataDirectory: string
  /** Null where an external database holds the data. */
  readonly isEmbedded: boolean
  /** The account whose data it has to be, and how accounts are called; null where that is not asked. */
  readonly foreignOwner: (dataDirectory: string) => { readonly owner: string; readonly account: string } | null
  readonly readFreeBytes: (path: string) => Promise<number>
}

/** Looks at the data folder: its owner, whether it can be written, its room, and who may read its secrets. */
export async function checkStorage(question: StorageQuestion): Promise<Outcome> {
  const { dataDirectory, isEmbedded, foreignOwner, readFreeBytes } = question
  if (!isEmbedded) return found('storage-elsewhere')
  const folder = dataDirectory
  const foreign = foreignOwner(folder)
  if (foreign !== null) return found('storage-of-another-account', { folder, ...foreign })
  // The first start makes what is missing.
  const existing = await nearestExisting(folder)
  const refusal = await refusalOf(existing)
  if (refusal !== null) return found('storage-not-writable', { folder, reason: refusal })
  const database = await statOrNull(join(folder, 'postgres'))
  if (database !== null && process.platform !== 'win32' && (database.mode & REFUSED_MODES) !== 0)
    return found('storage-modes-refused', {
      folder: join(folder, 'postgres'),
      mode: (database.mode & 0o777).toString(8),
    })
  const freeBytes = await readFreeBytes(existing)
  const room = { folder, freeMegabytes: Number.isFinite(freeBytes) ? Math.floor(freeBytes / MIB) : null }
  if (freeBytes < FULL_BELOW_BYTES) return found('storage-full', room)
  const exposed = await findExposed(folder)
  if (exposed.length > 0) return found('storage-readable-by-others', { paths: exposed })
  return found(freeBytes < LOW_BELOW_BYTES ? 'storage-low' : 'storage-ready', room)
}

async function nearestExisting(path: string): Promise<string> {
  const parent = dirname(path)
  return parent === path || (await statOrNull(path)) !== null ? path : nearestExisting(parent)
}

async function refusalOf(path: string): Promise<string | null> {
  try {
    await access(path, constants.W_OK | constants.X_OK)
    return (await stat(path)).isDirectory() ? null : 'ENOTDIR'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown'
  }
}

async function findExposed(folder: string): Promise<string[]> {
  const paths = SECRET_FILES.map((name) => join(folder, name))
  const stats = await Promise.all(paths.map((path) => statOrNull(path)))
  return paths.filter((_path, index) => {
    const found = stats[index]
    return found !== null && found !== undefined && isReadableByOthers(found)
  })
}

/** Null also for what this account may not look at. */
async function statOrNull(path: string): Promise<Stats | null> {
  return stat(path).catch(() => null)
}
