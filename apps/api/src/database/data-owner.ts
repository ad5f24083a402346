import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Finds whether the data in a folder belong to another account than `uid`, with the names of both; null when they do
 * not. The lock of the data folder tells whose they are, since a folder that is a mount may belong to anybody.
 */
export function findForeignOwner(
  dataDirectory: string,
  uid: number | undefined,
): { readonly owner: string; readonly account: string } | null {
  const lock = statSync(join(dataDirectory, 'lock'), { throwIfNoEntry: false })
  if (uid === undefined || lock === undefined || lock.uid === uid) return null
  return { owner: nameOf(lock.uid), account: nameOf(uid) }
}

/** Accounts of a directory service are not in the file; those go by their number. */
function nameOf(uid: number): string {
  const accounts = readFileSync('/etc/passwd', 'utf8').split('\n')
  const [name] = accounts.map((line) => line.split(':')).find(([, , id]) => id === String(uid)) ?? []
  return name ?? String(uid)
}
