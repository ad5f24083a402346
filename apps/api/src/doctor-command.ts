import { randomBytes } from 'node:crypto'
import type { Check } from '@inforiver-mail/contract/setup-check'
import { systemClock, systemTimers } from './runtime/clock.ts'
import { composeDoctor } from './compose-check.ts'
import { ConfigurationError, type Config } from './configuration/config.ts'
import { checksOfFaultyConfiguration } from './setup-check/run-checks.ts'
import type { DnsResolver } from './setup-check/sender-domain-check.ts'

const MARKS = { ok: 'ok', warning: 'WARNING', failed: 'FAILED', skipped: 'skipped' } as const

interface Options {
  /** Whether to print what the API answers, in place of text. */
  readonly json: boolean
  readonly print: (text: string) => void
  /** Is told of what no check expects. */
  readonly warn: (text: string) => void
  /** The account that the data have to belong to; undefined where that does not matter. */
  readonly account?: number | undefined
  readonly resolver?: DnsResolver
  readonly requestTimeoutMs?: number
}

/**
 * Runs the command `doctor`: the checks of the set-up, before the first start, while the product runs or after it has
 * stopped. It changes no setting, makes no file and starts no database; an expired access token is refreshed and stored.
 *
 * @returns the status to exit with: 0 where nothing failed, else 1
 */
export async function runDoctorCommand(readConfig: () => Config, { json, print, ...options }: Options): Promise<0 | 1> {
  const checks = await runChecks(readConfig, options)
  print(json ? JSON.stringify({ checks }, null, 2) : describe(checks))
  return checks.some(({ status }) => status === 'failed') ? 1 : 0
}

async function runChecks(
  readConfig: () => Config,
  { warn, ...given }: Omit<Options, 'json' | 'print'>,
): Promise<Check[]> {
  let config: Config
  try {
    config = readConfig()
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    return checksOfFaultyConfiguration(error.faults)
  }
  const doctor = await composeDoctor(config, {
    ...given,
    account: given.account,
    clock: systemClock,
    timers: systemTimers,
    chance: () => 0.5, // the command asks once
    random: randomBytes,
    onBroken: (id, error) => warn(`${id}: ${error instanceof Error ? error.message : String(error)}`),
  })
  try {
    return await doctor.check({ signal: new AbortController().signal })
  } finally {
    void doctor.close().catch(() => {}) // a connection that hangs must not delay the answer
  }
}

function describe(checks: readonly Check[]): string {
  const entries = checks.flatMap(({ id, status, title, detail, action, values }) => {
    const needsAction = status === 'failed' || status === 'warning'
    const details = [values['faults'] ?? values['warnings'] ?? detail].flat()
    return [
      `${MARKS[status].padEnd(8)} ${id}: ${title}`,
      ...(needsAction ? [...details, `→ ${action}`].map((line) => `         ${line}`) : []),
    ]
  })
  const count = (status: Check['status']) => checks.filter((check) => check.status === status).length
  const summary = `ok: ${count('ok')}, warnings: ${count('warning')}, failed: ${count('failed')}, skipped: ${count('skipped')}`
  return [...entries, '', summary].join('\n')
}
