import { readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ConfigurationError } from '../../../apps/api/src/config.ts'

/**
 * Data stay with the account that made them: files that another one adds could not be read by the first any more. The
 * lock of the data folder tells whose they are, since a folder that is a mount may belong to anybody.
 *
 * @throws {ConfigurationError} naming the account
 */
export function refuseDataOfAnotherAccount(
  dataDirectory: string,
  uid: number | undefined,
  stat: Stat = statSync,
): void {
  const owner = ownerOf(join(dataDirectory, 'lock'), stat)
  if (uid === undefined || owner === undefined || owner === uid) return
  throw new ConfigurationError(
    `The data in ${dataDirectory} belong to the account ${nameOf(owner)}, and this is ${nameOf(uid)}. Start as ${nameOf(owner)}, or set DATA_DIR to another folder.`,
  )
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
