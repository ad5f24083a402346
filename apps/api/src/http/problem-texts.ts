import type { InputFault, ProblemCode } from '@inforiver-mail/contract/problem'
import { say, type Said } from './problem-sentences.ts'

export interface ProblemText {
  readonly title: string
  /** When it is answered, and what a client does about it. */
  readonly description: string
  /** The detail of one such answer. */
  readonly detail: string | Said
  readonly errors?: readonly Pick<InputFault, 'path' | 'message'>[]
}

/** The title, the description and an example of every problem. One that is missing does not compile. */
export const PROBLEMS = {
  'invalid-input': {
    title: 'The request is not valid',
    description:
      'The request does not fit the schema. errors lists every fault with its path. Repeating it unchanged gives the same answer.',
    detail: 'subject: At most 998 characters.',
    errors: [{ path: 'subject', message: 'At most 998 characters.' }],
  },
  'not-signed-in': {
    title: 'Not signed in',
    description: 'There is no session, or it has ended. Sign in at /auth/sign-in.',
    detail: 'Sign in again.',
  },
  'invalid-service-key': {
    title: 'The service key is not valid',
    description:
      'The service key is unknown, revoked or expired, or may not be used from this address. Which of these is not said, but is in the audit log.',
    detail: 'The service key is not valid here.',
  },
  'not-workspace-admin': {
    title: 'Only workspace admins can do this',
    description: 'The signed-in person is not a workspace admin.',
    detail: 'Ask a workspace admin.',
  },
  'cross-origin': {
    title: 'The request came from another site',
    description: 'A request with a session cookie that changes something came from the page of another site.',
    detail: 'A request that changes something has to come from the page of Inforiver Mail.',
  },
  'scope-missing': {
    title: 'The service key lacks the scope',
    description: 'The service key is valid, but lacks the scope of the operation. A workspace admin makes another key.',
    detail: say('scope-missing', { scope: 'messages:send' }),
  },
  'not-found': {
    title: 'Not found',
    description: 'There is nothing of that id, or the caller may not see it.',
    detail: 'There is no such message.',
  },
  'office365-smtp-disabled': {
    title: 'Office 365 SMTP is not switched on',
    description: 'The installation does not send by Office 365. The operator sets SMTP=Office365.',
    detail: 'Set SMTP=Office365 in the configuration and start again.',
  },
  'method-not-allowed': {
    title: 'The method is not served here',
    description: 'The path exists, and not with this method. The header Allow names those that it takes.',
    detail: 'Only GET and POST are served here.',
  },
  'already-configured': {
    title: 'A mailbox is already connected',
    description: 'A mailbox is connected already. Use update-sender or reconnect.',
    detail: 'A mailbox is already connected.',
  },
  'not-configured': {
    title: 'No mailbox is connected',
    description: 'No mailbox is connected. A workspace admin connects one first.',
    detail: 'Connect a mailbox first.',
  },
  'large-attachments-locked': {
    title: 'Large file attachments are locked',
    description: 'Large file attachments are enabled already, and can be switched off by a reset only.',
    detail: 'Large file attachments stay enabled until a reset.',
  },
  'trace-not-provisioned': {
    title: 'Microsoft’s message trace is not set up in the organisation',
    description:
      'The service principal of Microsoft’s message trace is missing in the organisation. The detail says who adds it, and how.',
    detail:
      'Microsoft’s message trace needs its service principal in the organisation. An Entra administrator runs New-MgServicePrincipal -AppId 8bd644d1-64a1-4d4b-ae52-2e0cbf64e373 once, waits some hours, and then somebody switches the trace on again.',
  },
  'trace-unavailable': {
    title: 'Microsoft’s message trace is not available',
    description: 'The cloud offers no message trace, or Microsoft does not answer it now. Nothing was switched on.',
    detail: 'Microsoft asks to slow down. Try again in five minutes.',
  },
  'reports-unreadable': {
    title: 'The inbox cannot be read',
    description:
      'The inbox of the sender cannot be read although the permission is there: it is a group, or Full Access is missing. Nothing was switched on.',
    detail: 'A group has no inbox, so there are no bounces to read.',
  },
  'idempotency-key-reused': {
    title: 'The idempotency key was used for another message',
    description: 'The Idempotency-Key was used within 24 hours for other content. Use a new key for a new message.',
    detail: 'This Idempotency-Key was used within the last 24 hours for a message with other content.',
  },
  'message-not-cancellable': {
    title: 'The message cannot be cancelled',
    description: 'The message was sent, may have been sent, or has ended otherwise. Read it to see which.',
    detail: say('has-ended', { status: 'sent' }),
  },
  'message-not-retryable': {
    title: 'The message cannot be retried',
    description: 'The message did not fail, its content is no longer kept, or it expired. Submit a new one.',
    detail: 'Only a failed message can be retried.',
  },
  'check-running': {
    title: 'A check is running already',
    description: 'The set-up is being checked already. Ask again when that is over, after 20 seconds at most.',
    detail: 'A check is running. Wait until it is over.',
  },
  'message-too-large': {
    title: 'The message is too large',
    description:
      'The message or one of its files is larger than the request, Microsoft or the organisation takes. The detail names size, limit and remedy.',
    detail: say('attachment-too-large', {
      arriving: 'no',
      attachment: 1,
      sizeBytes: 167_772_160,
      limitBytes: 157_286_400,
    }),
  },
  'expectation-failed': {
    title: 'The expectation cannot be met',
    description: 'The header Expect asks for something other than 100-continue. Leave it out.',
    detail: 'Only 100-continue can be expected.',
  },
  'sender-not-allowed': {
    title: 'Another sender is configured',
    description: 'The message asks for another From than the configured sender. Leave out "from", or use replyTo.',
    detail: 'Messages leave from reports@contoso.com only.',
    errors: [{ path: 'from', message: 'Messages leave from reports@contoso.com only.' }],
  },
  'recipient-not-allowed': {
    title: 'A recipient is not allowed',
    description:
      'The installation, or the service key, allows other domains only. errors names each recipient that is refused.',
    detail: 'to[0]: Mail to example.org is not allowed.',
    errors: [{ path: 'to[0]', message: 'Mail to example.org is not allowed.' }],
  },
  'large-attachments-disabled': {
    title: 'Large file attachments are not enabled',
    description:
      'The message needs large file attachments, which a workspace admin enables at Tenant Settings > Office 365 SMTP.',
    detail: 'The message has 4194304 bytes of attachments; without large file attachments about 3 MB fit.',
  },
  'search-too-long': {
    title: 'The search takes too long',
    description:
      'The search was given up because too many messages had to be read for it. Narrow it by time, status, service or a longer text.',
    detail: say('search-too-long', { seconds: 10 }),
  },
  'rate-limited': {
    title: 'Too many requests',
    description: 'Too many requests. Repeat it after the seconds in Retry-After.',
    detail: 'Too many requests. Try again in 5 seconds.',
  },
  internal: {
    title: 'Something went wrong',
    description:
      'A fault of this installation. Nothing is said about its cause; the log has it under the requestId. Repeat a submit with its Idempotency-Key.',
    detail: 'Something went wrong. The log has more under this request id.',
  },
  unavailable: {
    title: 'The service is not available right now',
    description:
      'The database is away, or the process stops. Repeat it after the seconds in Retry-After, a submit with its Idempotency-Key.',
    detail: 'The database cannot be reached. Try again in a few seconds.',
  },
  'storage-full': {
    title: 'The storage is full',
    description: 'Waiting and failed messages occupy what the tenant may store. Wait until some have left.',
    detail: say('storage-full', {
      storedBytes: 10_737_418_240,
      storageBytes: 10_737_418_240,
      neededBytes: 52_428,
    }),
  },
} as const satisfies Record<ProblemCode, ProblemText>
