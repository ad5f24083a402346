import type { Check, CheckId } from '@inforiver-mail/contract/setup-check'
import { describeOutcome, found, type Outcome } from './outcome.ts'

/** Checks that have been started, in the order of the answer. */
export type StartedChecks = readonly (readonly [id: CheckId, outcome: Promise<Outcome>])[]

export interface SettleOptions {
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
  const ending = new AbortController()
  const late = Promise.withResolvers<'late'>()
  const endEarly = () => {
    ending.abort(signal.reason)
    late.resolve('late')
  }
  const timer = setTimeout(() => {
    ending.abort(new DOMException('The checks did not end in time.', 'TimeoutError'))
    late.resolve('late')
  }, withinMs)
  signal.addEventListener('abort', endEarly, { once: true })
  try {
    signal.throwIfAborted()
    const checks = await Promise.all(
      start(ending.signal).map(async ([id, outcome]) => {
        const settled = outcome.catch((error: unknown) => {
          if (ending.signal.aborted) return 'late' as const
          onBroken(id, error)
          return found('check-broke')
        })
        const result = await Promise.race([settled, late.promise])
        return describeOutcome(id, result === 'late' ? found('too-slow', { seconds: withinMs / 1_000 }) : result)
      }),
    )
    signal.throwIfAborted()
    return checks
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', endEarly)
  }
}
