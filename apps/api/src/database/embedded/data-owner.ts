import { readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * Finds whether the data in a folder belong to another account than `uid`, with the names of both; null when they do
 * not. The lock of the data folder tells whose they are, since a folder that is a mount may belong to anybody.
 */
export function findForeignOwner(
  dataDirectory: string,
  uid: number | undefined,
  stat: Stat = statSync,
): { readonly owner: string; readonly account: string } | null {
  const owner = ownerOf(join(dataDirectory, 'lock'), stat)
  if (uid === undefined || owner === undefined || owner === uid) return null
  return { owner: nameOf(owner), account: nameOf(uid) }
}

type Stat = (path: string, options: { throwIfNoEntry: false }) => { readonly uid: number } | undefined

/** Where the lock cannot be reached, the folder that is closed tells whose it is. */
function ownerOf(path: string, stat: Stat): number | undefined {
  try {
    return stat(path, { throwIfNoEntry: false })?.uid
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error
    return ownerOf(dirname(path), stat)
  }
}

/** Accounts of a directory service are not in the file; those go by their number. */
function nameOf(uid: number): string {
  const accounts = readFileSync('/etc/passwd', 'utf8').split('\n')
  const [name] = accounts.map((line) => line.split(':')).find(([, , id]) => id === String(uid)) ?? []
  return name ?? String(uid)
}
