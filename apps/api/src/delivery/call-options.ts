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
 * outcome. It has the time limit of every request to Microsoft.
 */
export function withoutSignal(options: CallOptions): CallOptions {
  const { signal, ...others } = options
  signal?.throwIfAborted()
  return others
}
