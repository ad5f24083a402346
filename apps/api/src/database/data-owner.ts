import { readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * Finds whether the data in a folder belong to another account than `uid`, with the names of both; null when they do
 * not. The lock of the data folder tells whose they are, since a folder that is a mount may belong to anybody.
 */
export function findForeignOwner(
  dataDirectory: string,
  uid: number | undefined,
): { readonly owner: string; readonly account: string } | null {
  const owner = ownerOf(dataDirectory)
  if (uid === undefined || owner === null || owner === uid) return null
  return { owner: nameOf(owner), account: nameOf(uid) }
}

/** Returns null where there are no data yet. */
function ownerOf(dataDirectory: string): number | null {
  try {
    return statSync(join(dataDirectory, 'lock'), { throwIfNoEntry: false })?.uid ?? null
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error
    return gatekeeperOf(dataDirectory)
  }
}

/** Returns the owner of the folder that keeps this account out: it has made the data, or keeps them. */
function gatekeeperOf(folder: string): number {
  try {
    return statSync(folder).uid
  } catch {
    return gatekeeperOf(dirname(folder)) // ends at the root, which everybody may look at
  }
}

/** Accounts of a directory service are not in the file; those go by their number. */
function nameOf(uid: number): string {
  const accounts = readFileSync('/etc/passwd', 'utf8').split('\n')
  const [name] = accounts.map((line) => line.split(':')).find(([, , id]) => id === String(uid)) ?? []
  return name ?? String(uid)
}
