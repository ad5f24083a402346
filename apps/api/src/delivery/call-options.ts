import type { CallOptions } from '@inforiver-mail/m365/graph-mailer'
import type { Access } from './access-cache.ts'

export type Granted = Extract<Access, { outcome: 'granted' }>

/** What every request to the mailbox is made with. */
export function callOptions(
  { accessToken, connection }: Granted,
  signal: AbortSignal,
): CallOptions & { readonly signal: AbortSignal } {
  return {
    accessToken,
    signal,
    // A mailbox that the application sends from is its own to it.
    sender: { own: connection.mailbox !== 'delegated', grantedPermissions: connection.permissions },
    mailbox: connection.mailbox === 'application' ? { address: connection.fromEmail } : 'me',
  }
}

/**
 * For a request that sends: once it is on the wire it cannot be recalled, and to break it off would only lose its
 * outcome. It ends by the time limit of every request to Microsoft, or with the process.
 */
export function untilAnswered(options: CallOptions, ending: AbortSignal): CallOptions {
  options.signal?.throwIfAborted()
  return { ...options, signal: ending }
}
