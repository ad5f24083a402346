import type { Problem, ProblemCode } from '@inforiver-mail/contract/problem'
import type { TextValues, Translate } from '../language/translate.ts'
import { faultText, serverText } from './server-text.ts'
import type { z } from 'zod'

/** Says why a call failed. `failureText` describes each kind. */
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

/** The problem that an error carries; null when it carries none. */
export function problemOf(error: unknown): Problem | null {
  return error instanceof CallFailed && error.failure.kind === 'problem' ? error.failure.problem : null
}

/** Its code. */
export function problemCode(error: unknown): ProblemCode | null {
  return problemOf(error)?.code ?? null
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

export interface FailureText {
  readonly title: string
  readonly detail: string
  /** Finds the log lines of the call, for a support request. */
  readonly requestId: string | null
  readonly canRetry: boolean
}

export function failureText(error: unknown, t: Translate): FailureText {
  if (!(error instanceof CallFailed)) {
    return { ...ownText('page', t), canRetry: false }
  }
  const { failure } = error
  switch (failure.kind) {
    case 'problem': {
      const { code, requestId, errors = [] } = failure.problem
      const { title, detail } = problemText(failure.problem, t)
      const faults = errors.map(({ path, message }) => {
        const fault = faultText(message, t)
        return path === '' || t.language === 'en' ? fault : `${path}: ${fault}`
      })
      return {
        title,
        detail: [detail, ...faults.filter((fault) => !detail.includes(fault))].join(' '),
        requestId,
        canRetry: mayPass(error) || code === 'internal' || code === 'rate-limited' || code === 'search-too-long',
      }
    }
    case 'unreachable':
    case 'unavailable':
      return { ...ownText(`no-answer.${failure.kind}`, t), canRetry: true }
    case 'unreadable':
      return { ...ownText('unreadable', t, { status: String(failure.status) }), canRetry: true }
  }
}

/** What the page finds out by itself. */
function ownText(
  name: 'page' | 'no-answer.unreachable' | 'no-answer.unavailable' | 'unreadable',
  t: Translate,
  values?: TextValues,
) {
  return { title: t(`failures.${name}.title`), detail: t(`failures.${name}`, values), requestId: null }
}

/**
 * The API's detail says more than a sentence for each code can. In another language than English, a problem that names
 * no sentence, or one that the page does not know, is worded by its code.
 */
function problemText({ title, detail, code, values }: Problem, t: Translate): { title: string; detail: string } {
  const said = Array.isArray(values['detail']) ? serverText({ detail, values }, t) : null
  const byCode = t.known(`failures.problem.${code}`) ?? detail
  return {
    title: t.known(`failures.problem.${code}.title`) ?? title,
    detail: said && said.lang === undefined ? said.detail : byCode,
  }
}

/** The contract's first objection to `value`, as a sentence in the page's language; null when it is valid. */
export function inputFault(schema: z.ZodType, value: unknown, t: Translate): string | null {
  const [issue] = schema.safeParse(value).error?.issues ?? []
  return issue ? faultText(issue.message, t) : null
}

/** The API's objection to the field at `path`, as a sentence; null when the error is about something else. */
export function refusedInput(error: unknown, path: string, t: Translate): string | null {
  const refused = problemOf(error)?.errors?.find((fault) => fault.path === path)
  return refused ? faultText(refused.message, t) : null
}

/** The entries of a text in which each has a line; spaces, commas and semicolons part them as well. */
export function splitEntries(text: string): string[] {
  return text.split(/[\s,;]+/).filter((entry) => entry !== '')
}

/** The contract's first objection to a list that was entered as text, with the entry that it is about. */
export function listFault(schema: z.ZodType, entries: readonly string[], t: Translate): string | null {
  const [issue] = schema.safeParse(entries).error?.issues ?? []
  if (!issue) return null
  const [index] = issue.path
  const entry = typeof index === 'number' ? entries[index] : undefined
  const fault = faultText(issue.message, t)
  return entry === undefined ? fault : `${entry}: ${fault}`
}
