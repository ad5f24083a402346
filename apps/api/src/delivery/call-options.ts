import type { CallOptions } from '@inforiver-mail/m365/graph-mailer'
import type { GrantedAccess } from '../domain/mailbox-access.ts'

/** Says for every request to Graph whose mailbox it is about, and with which token it is made. */
export function callOptions(
  { accessToken, connection }: GrantedAccess,
  signal: AbortSignal,
): CallOptions & { readonly signal: AbortSignal } {
  return {
    accessToken,
    signal,
    // The mailbox that the application sends from counts as its own.
    sender: { own: connection.mailbox !== 'delegated', grantedPermissions: connection.permissions },
    mailbox: connection.mailbox === 'application' ? { address: connection.fromEmail } : 'me',
  }
}

/**
 * For a request that sends: once it is on the wire it cannot be recalled, and breaking it off would only lose its
 * outcome. It ends by the time limit of every request to Microsoft, or with the process.
 */
export function untilAnswered(options: CallOptions, ending: AbortSignal): CallOptions {
  options.signal?.throwIfAborted()
  return { ...options, signal: ending }
}
