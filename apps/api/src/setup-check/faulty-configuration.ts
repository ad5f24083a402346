import { CheckId, type Check } from '@inforiver-mail/contract/setup-check'
import { describeOutcome } from './check-text.ts'
import { found } from './outcome.ts'

/** Reports the faults of a configuration that cannot be used. Everything else depends on it, and is skipped. */
export function checksOfFaultyConfiguration(faults: readonly string[]): Check[] {
  // Whether the SMTP door is on, the configuration does not say.
  return CheckId.exclude(['smtp']).options.map((id) =>
    describeOutcome(
      id,
      id === 'configuration' ? found('configuration-faults', { faults: [...faults] }) : found('configuration-faulty'),
    ),
  )
}
