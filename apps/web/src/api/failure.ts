import type { Problem, ProblemCode } from '@inforiver-mail/contract/problem'

/** Says why a call failed. `failure-text.ts` describes each kind. */
export type Failure =
  /** The API said what is wrong. */
  | { readonly kind: 'problem'; readonly problem: Problem }
  /** No answer came, because of the network, the server or the timeout. */
  | { readonly kind: 'unreachable' }
  /** A proxy in front of the API answered that the API is away. */
  | { readonly kind: 'unavailable' }
  /** The answer does not match the contract. */
  | { readonly kind: 'unreadable'; readonly status: number }

/** The only error `call` throws besides an abort; any other error is a defect of the page. */
export class CallFailed extends Error {
  readonly failure: Failure

  constructor(failure: Failure) {
    super(failure.kind === 'problem' ? failure.problem.code : failure.kind)
    this.name = 'CallFailed'
    this.failure = failure
  }
}

/** The code of the problem that an error carries; null when it carries none. */
export function problemCode(error: unknown): ProblemCode | null {
  return error instanceof CallFailed && error.failure.kind === 'problem' ? error.failure.problem.code : null
}

/** True when the server may have done what was asked, although it did not say so. */
export function mayHaveArrived(error: unknown): boolean {
  if (!(error instanceof CallFailed)) return false
  const { failure } = error
  return failure.kind !== 'problem' || ['internal', 'unavailable'].includes(failure.problem.code)
}

/** True when the same call may succeed a moment later. */
export function mayPass(error: unknown): boolean {
  if (!(error instanceof CallFailed)) return false
  const { failure } = error
  if (failure.kind === 'problem') return failure.problem.code === 'unavailable'
  return failure.kind !== 'unreadable'
}
