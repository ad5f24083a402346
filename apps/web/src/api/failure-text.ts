import type { Problem } from '@inforiver-mail/contract/problem'
import type { Translate } from '../language/translate.ts'
import { CallFailed, mayPass } from './failure.ts'
import { faultText, serverText } from './server-text.ts'

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

/**
 * The API's detail says more than a sentence for each code can. In another language than English, a problem that names
 * no sentence, or one that the page does not know, is worded by its code.
 */
function problemText({ title, detail, code, values }: Problem, t: Translate): { title: string; detail: string } {
  if (t.language === 'en') return { title, detail: detail || t(`failures.problem.${code}`) }
  const said = Array.isArray(values['detail']) ? serverText({ detail, values }, t) : null
  return {
    title: t(`failures.problem.${code}.title`),
    detail: said && said.lang === undefined ? said.detail : t(`failures.problem.${code}`),
  }
}
