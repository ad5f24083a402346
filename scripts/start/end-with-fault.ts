import { ConfigurationError } from '../../apps/api/src/configuration/config.ts'

const STATUS_FAILED = 1
/** The status of sysexits.h for a configuration that has to change: supervisors know that starting again is no use. */
const STATUS_CONFIGURATION = 78

/**
 * Says what the operator has to change, and ends the process.
 *
 * @throws the error where it is a fault of the product
 */
export function endWithFault(error: unknown): never {
  if (!(error instanceof ConfigurationError)) throw error
  console.error(`\n${error.message}\n`)
  process.exit(error.isLasting ? STATUS_CONFIGURATION : STATUS_FAILED)
}

/** Reads the configuration. With faults in it, starting again is no use. */
export function orEndLastingly<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    return endWithFault(new ConfigurationError(error.message, { isLasting: true }))
  }
}
