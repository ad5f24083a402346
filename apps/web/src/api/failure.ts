import type { Problem, ProblemCode } from '@inforiver-mail/contract/problem'

/** Why a call has no answer to show. Every kind has its words in `problem-text.ts`. */
export type Failure =
  /** The API said what is wrong. */
  | { readonly kind: 'problem'; readonly problem: Problem }
  /** No answer came: the network, the server or the time limit. */
  | { readonly kind: 'unreachable' }
  /** Something in front of the API answered that it is not there at the moment. */
  | { readonly kind: 'unavailable' }
  /** An answer came that is not what the contract says. */
  | { readonly kind: 'unreadable'; readonly status: number }

/** Thrown by `call`, and nothing else is: any other error is a defect of the page. */
export class CallFailed extends Error {
  readonly failure: Failure

  constructor(failure: Failure) {
    super(failure.kind === 'problem' ? failure.problem.code : failure.kind)
    this.name = 'CallFailed'
    this.failure = failure
  }
}

/** The code of the problem an error carries, or null when it carries none. */
export function problemCode(error: unknown): ProblemCode | null {
  return error instanceof CallFailed && error.failure.kind === 'problem' ? error.failure.problem.code : null
}

/** True where the same call may well succeed a moment later. */
export function mayPass(error: unknown): boolean {
  if (!(error instanceof CallFailed)) return false
  const { failure } = error
  if (failure.kind === 'problem') return failure.problem.code === 'unavailable'
  return failure.kind !== 'unreadable'
}

/** What the API has against one field of the input, or null when it has nothing against it. */
export function inputFault(error: unknown, path: string): string | null {
  if (!(error instanceof CallFailed) || error.failure.kind !== 'problem') return null
  return error.failure.problem.errors?.find((fault) => fault.path === path)?.message ?? null
}
