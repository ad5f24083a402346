import { ConfigurationError } from '../../../apps/api/src/configuration/config.ts'
import { findForeignOwner } from '../../../apps/api/src/database/embedded/data-owner.ts'

/**
 * Data stay with the account that made them: files that another one adds could not be read by the first any more.
 *
 * @throws {ConfigurationError} naming the account
 */
export function refuseDataOfAnotherAccount(dataDirectory: string, uid: number | undefined): void {
  const foreign = findForeignOwner(dataDirectory, uid)
  if (foreign === null) return
  const { owner, account } = foreign
  throw new ConfigurationError(
    `The data in ${dataDirectory} belong to the account ${owner}, and this is ${account}. Start as ${owner}, or set DATA_DIR to another folder.`,
  )
}
