import type { ProblemCode } from '@inforiver-mail/contract/problem'
import { CallFailed, mayPass } from './failure.ts'

export interface FailureText {
  readonly title: string
  readonly detail: string
  /** Finds the log lines of the call, for a support request. */
  readonly requestId: string | null
  readonly canRetry: boolean
}

/** One sentence per code, shown when the API gave no detail of its own. */
const SENTENCES = {
  'invalid-input': 'The server did not accept what was entered. Check it and try again.',
  'not-signed-in': 'Your session has ended. Sign in again.',
  'invalid-service-key': 'The service key is not valid.',
  'not-workspace-admin': 'Only workspace admins can do this.',
  'cross-origin':
    'The server refused the request because this page was opened under another name than the server uses.',
  'scope-missing': 'The service key does not allow this.',
  'not-found': 'This no longer exists. Reload the page to see what is there.',
  'office365-smtp-disabled': 'This installation does not use Office 365 SMTP.',
  'method-not-allowed': 'The server does not offer this.',
  'already-configured': 'A mailbox is connected already. The page now shows it.',
  'not-configured': 'No mailbox is connected any more. The page now shows that.',
  'large-attachments-locked': 'Large file attachments are enabled already and locked until Reset.',
  'trace-not-provisioned': 'Microsoft’s message trace is not set up in your organisation.',
  'trace-unavailable': 'Microsoft’s message trace is not available.',
  'reports-unreadable': 'The inbox of the sender cannot be read.',
  'idempotency-key-reused': 'The same key was used for another message before.',
  'message-not-cancellable': 'This message can no longer be cancelled.',
  'message-not-retryable': 'This message cannot be tried again.',
  'check-running': 'The set-up is being checked already. Try again in half a minute.',
  'message-too-large': 'This is larger than the server accepts.',
  'expectation-failed': 'The server did not accept the form of the request.',
  'sender-not-allowed': 'Mail may leave only from the configured From Email Address.',
  'recipient-not-allowed': 'One of the recipients is not allowed.',
  'large-attachments-disabled': 'Large file attachments are not enabled.',
  'rate-limited': 'That was too often in a short time. Wait a minute and try again.',
  internal: 'Something went wrong in the server. Its log has the details under the request id.',
  unavailable: 'The server cannot do this at the moment. Try again shortly.',
  'storage-full': 'The server has no more room for messages.',
} as const satisfies Record<ProblemCode, string>

export function failureText(error: unknown): FailureText {
  if (!(error instanceof CallFailed)) {
    return { title: 'Something went wrong in this page', detail: 'Reload the page.', requestId: null, canRetry: false }
  }
  const { failure } = error
  switch (failure.kind) {
    case 'problem': {
      const { title, detail, code, requestId, errors = [] } = failure.problem
      const faults = errors.map(({ message }) => message)
      return {
        title,
        detail: [detail || SENTENCES[code], ...faults.filter((fault) => !detail.includes(fault))].join(' '),
        requestId,
        canRetry: mayPass(error) || code === 'internal' || code === 'rate-limited',
      }
    }
    case 'unreachable':
      return {
        title: 'The server cannot be reached',
        detail: 'No answer came. Check the network connection, or whether Inforiver Mail is running, and try again.',
        requestId: null,
        canRetry: true,
      }
    case 'unavailable':
      return {
        title: 'The server is not available at the moment',
        detail: 'It may be starting or under maintenance. Try again shortly.',
        requestId: null,
        canRetry: true,
      }
    case 'unreadable':
      return {
        title: 'The server gave an unexpected answer',
        detail: `The answer (status ${failure.status}) could not be read. The page may be older than the server: try again, then reload the page.`,
        requestId: null,
        canRetry: true,
      }
  }
}
