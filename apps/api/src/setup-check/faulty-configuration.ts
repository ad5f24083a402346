import { CheckId, type Check } from '@inforiver-mail/contract/setup-check'
import { describeOutcome } from './check-text.ts'
import { found } from './outcome.ts'

/** Reports the faults of a configuration that cannot be used. Everything else depends on it, and is skipped. */
export function checksOfFaultyConfiguration(faults: readonly string[]): Check[] {
  // A faulty configuration does not tell whether the SMTP door is on.
  return CheckId.exclude(['smtp']).options.map((id) =>
    describeOutcome(
      id,
      id === 'configuration' ? found('configuration-faults', { faults: [...faults] }) : found('configuration-faulty'),
    ),
  )
}
