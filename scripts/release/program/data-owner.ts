import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigurationError } from '../../../apps/api/src/config.ts'

/**
 * Data stay with the account that made them: files that another one adds could not be read by the first any more. The
 * lock of the data folder tells whose they are, since a folder that is a mount may belong to anybody.
 *
 * @throws {ConfigurationError} naming the account
 */
export function refuseDataOfAnotherAccount(dataDirectory: string, uid: number | undefined): void {
  const lock = statSync(join(dataDirectory, 'lock'), { throwIfNoEntry: false })
  if (uid === undefined || lock === undefined || lock.uid === uid) return
  throw new ConfigurationError(
    `The data in ${dataDirectory} belong to the account ${nameOf(lock.uid)}, and this is ${nameOf(uid)}. Start as ${nameOf(lock.uid)}, or set DATA_DIR to another folder.`,
  )
}

/** Accounts of a directory service are not in the file; those go by their number. */
function nameOf(uid: number): string {
  const accounts = readFileSync('/etc/passwd', 'utf8').split('\n')
  const [name] = accounts.map((line) => line.split(':')).find(([, , id]) => id === String(uid)) ?? []
  return name ?? String(uid)
}
