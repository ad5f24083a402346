import { checks } from '@inforiver-mail/contract/language/en/checks'
import { CheckId, STATUS_OF_CHECK, type Check, type CheckCode } from '@inforiver-mail/contract/setup-check'
import type { Values } from '@inforiver-mail/contract/values'
import { fillIn, type Sentences } from '@inforiver-mail/contract/wording'

/** What a check found. Its code decides the status. */
export interface Outcome {
  readonly code: CheckCode
  readonly values: Values
  /** Takes the place of the code's own text, where Microsoft's answer is explained already. */
  readonly text?: Pick<Check, 'title' | 'detail' | 'action'>
}

export function found(code: CheckCode, values: Values = {}): Outcome {
  return { code, values }
}

const TEXTS: Sentences = checks

/** Describes what a check found, by the text of its code or by that of Microsoft's answer. */
function describeOutcome(id: CheckId, { code, values, text }: Outcome): Check {
  const action = TEXTS[`${code}.action`]
  return {
    id,
    status: STATUS_OF_CHECK[code],
    code,
    values,
    title: text?.title ?? fillIn(checks[`${code}.title`], values),
    detail: text?.detail ?? fillIn(checks[`${code}.detail`], values),
    action: text?.action ?? (action === undefined ? null : fillIn(action, values)),
  }
}

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

/** Checks that have been started, in the order of the answer. */
export type StartedChecks = readonly (readonly [id: CheckId, outcome: Promise<Outcome>])[]

interface SettleOptions {
  /** Starts the checks. They end soon after `signal` is aborted, at the latest. */
  readonly start: (signal: AbortSignal) => StartedChecks
  readonly withinMs: number
  /** Ends all of it. */
  readonly signal: AbortSignal
  /** Is told of a check that threw, which is a bug or an outage that no check expects. */
  readonly onBroken: (id: CheckId, error: unknown) => void
}

/**
 * Runs checks together and waits for them. One that is not over in time is reported as too slow, and one that throws as
 * broken: neither keeps the others from being reported.
 *
 * @throws the reason of `signal` when that is aborted
 */
export async function settleChecks({ start, withinMs, signal, onBroken }: SettleOptions): Promise<Check[]> {
  signal.throwIfAborted()
  const ending = AbortSignal.any([signal, AbortSignal.timeout(withinMs)])
  const late = Promise.withResolvers<'late'>()
  ending.addEventListener('abort', () => late.resolve('late'), { once: true })
  const checks = await Promise.all(
    start(ending).map(async ([id, outcome]) => {
      const settled = outcome.catch((error: unknown) => {
        if (ending.aborted) return 'late' as const
        onBroken(id, error)
        return found('check-broke')
      })
      const result = await Promise.race([settled, late.promise])
      return describeOutcome(id, result === 'late' ? found('too-slow', { seconds: withinMs / 1_000 }) : result)
    }),
  )
  signal.throwIfAborted()
  return checks
}
