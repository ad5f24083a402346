import type { ProblemCode } from '../../problem.ts'

/** What each problem is called; when it is answered, and what a client does about it. */
export const problemCodes: Readonly<Record<`${ProblemCode}.${'title' | 'description'}`, string>> = {
  'invalid-input.title': 'The request is not valid',
  'invalid-input.description':
    'The request does not fit the schema. errors lists every fault with its path. Repeating it unchanged gives the same answer.',
  'not-signed-in.title': 'Not signed in',
  'not-signed-in.description': 'There is no session, or it has ended. Sign in at /auth/sign-in.',
  'invalid-service-key.title': 'The service key is not valid',
  'invalid-service-key.description':
    'The service key is unknown, revoked or expired, or may not be used from this address. Which of these is not said, but is in the audit log.',
  'not-workspace-admin.title': 'Only workspace admins can do this',
  'not-workspace-admin.description': 'The signed-in person is not a workspace admin.',
  'cross-origin.title': 'The request came from another site',
  'cross-origin.description':
    'A request with a session cookie that changes something came from the page of another site.',
  'scope-missing.title': 'The service key lacks the scope',
  'scope-missing.description':
    'The service key is valid, but lacks the scope of the operation. A workspace admin makes another key.',
  'not-found.title': 'Not found',
  'not-found.description': 'There is nothing of that id, or the caller may not see it.',
  'office365-smtp-disabled.title': 'Office 365 SMTP is not switched on',
  'office365-smtp-disabled.description':
    'The installation does not send by Office 365. The operator sets SMTP=Office365.',
  'method-not-allowed.title': 'The method is not served here',
  'method-not-allowed.description':
    'The path exists, and not with this method. The header Allow names those that it takes.',
  'already-configured.title': 'A mailbox is already connected',
  'already-configured.description': 'A mailbox is connected already. Use update-sender or reconnect.',
  'not-configured.title': 'No mailbox is connected',
  'not-configured.description': 'No mailbox is connected. A workspace admin connects one first.',
  'large-attachments-locked.title': 'Large file attachments are locked',
  'large-attachments-locked.description':
    'Large file attachments are enabled already, and can be switched off by a reset only.',
  'trace-not-provisioned.title': 'Microsoft’s message trace is not set up in the organisation',
  'trace-not-provisioned.description':
    'The service principal of Microsoft’s message trace is missing in the organisation. The detail says who adds it, and how.',
  'trace-unavailable.title': 'Microsoft’s message trace is not available',
  'trace-unavailable.description':
    'The cloud offers no message trace, or Microsoft does not answer it now. Nothing was switched on.',
  'reports-unreadable.title': 'The inbox cannot be read',
  'reports-unreadable.description':
    'The inbox of the sender cannot be read although the permission is there: it is a group, or Full Access is missing. Nothing was switched on.',
  'idempotency-key-reused.title': 'The idempotency key was used for another message',
  'idempotency-key-reused.description':
    'The Idempotency-Key was used within 24 hours for other content. Use a new key for a new message.',
  'message-not-cancellable.title': 'The message cannot be cancelled',
  'message-not-cancellable.description':
    'The message was sent, may have been sent, or has ended otherwise. Read it to see which.',
  'message-not-retryable.title': 'The message cannot be retried',
  'message-not-retryable.description':
    'The message did not fail, its content is no longer kept, or it expired. Submit a new one.',
  'check-running.title': 'A check is running already',
  'check-running.description':
    'The set-up is being checked already. Ask again when that is over, after 20 seconds at most.',
  'message-too-large.title': 'The message is too large',
  'message-too-large.description':
    'The message or one of its files is larger than the request, Microsoft or the organisation takes. The detail names size, limit and remedy.',
  'expectation-failed.title': 'The expectation cannot be met',
  'expectation-failed.description': 'The header Expect asks for something other than 100-continue. Leave it out.',
  'sender-not-allowed.title': 'Another sender is configured',
  'sender-not-allowed.description':
    'The message asks for another From than the configured sender. Leave out "from", or use replyTo.',
  'recipient-not-allowed.title': 'A recipient is not allowed',
  'recipient-not-allowed.description':
    'The installation, or the service key, allows other domains only. errors names each recipient that is refused.',
  'large-attachments-disabled.title': 'Large file attachments are not enabled',
  'large-attachments-disabled.description':
    'The message needs large file attachments, which a workspace admin enables at Tenant Settings > Office 365 SMTP.',
  'search-too-long.title': 'The search takes too long',
  'search-too-long.description':
    'The search was given up because too many messages had to be read for it. Narrow it by time, status, service or a longer text.',
  'rate-limited.title': 'Too many requests',
  'rate-limited.description': 'Too many requests. Repeat it after the seconds in Retry-After.',
  'internal.title': 'Something went wrong',
  'internal.description':
    'A fault of this installation. Nothing is said about its cause; the log has it under the requestId. Repeat a submit with its Idempotency-Key.',
  'unavailable.title': 'The service is not available right now',
  'unavailable.description':
    'The database is away, or the process stops. Repeat it after the seconds in Retry-After, a submit with its Idempotency-Key.',
  'storage-full.title': 'The storage is full',
  'storage-full.description':
    'Waiting and failed messages occupy what the tenant may store. Wait until some have left.',
}
