import type { Problem } from '@inforiver-mail/contract/problem'
import type { Translate } from '../language/translate.ts'
import { CallFailed, mayPass } from './failure.ts'

export interface FailureText {
  readonly title: string
  readonly detail: string
  /** Finds the log lines of the call, for a support request. */
  readonly requestId: string | null
  readonly canRetry: boolean
}

export function failureText(error: unknown, t: Translate): FailureText {
  if (!(error instanceof CallFailed)) {
    return { title: t('failures.page.title'), detail: t('failures.page'), requestId: null, canRetry: false }
  }
  const { failure } = error
  switch (failure.kind) {
    case 'problem': {
      const { code, requestId, errors = [] } = failure.problem
      const { title, detail } = problemText(failure.problem, t)
      const faults = errors.map(({ message }) => message)
      return {
        title,
        detail: [detail, ...faults.filter((fault) => !detail.includes(fault))].join(' '),
        requestId,
        canRetry: mayPass(error) || code === 'internal' || code === 'rate-limited',
      }
    }
    case 'unreachable':
    case 'unavailable':
      return {
        title: t(`failures.no-answer.${failure.kind}.title`),
        detail: t(`failures.no-answer.${failure.kind}`),
        requestId: null,
        canRetry: true,
      }
    case 'unreadable':
      return {
        title: t('failures.unreadable.title'),
        detail: t('failures.unreadable', { status: String(failure.status) }),
        requestId: null,
        canRetry: true,
      }
  }
}

/** The API words its problems in English, and says more there than a sentence for each code can. */
function problemText({ title, detail, code }: Problem, t: Translate): { title: string; detail: string } {
  if (t.language === 'en') return { title, detail: detail || t(`failures.problem.${code}`) }
  return { title: t(`failures.problem.${code}.title`), detail: t(`failures.problem.${code}`) }
}
