import type { HeldBecause } from '@inforiver-mail/contract/message'

/** What a held mail waits for, and what an admin does about it on the settings page. */
export const HELD_WORDS = {
  'not-configured': {
    reason: 'No mailbox is connected. The mail goes out once one is.',
    action: 'Connect a mailbox',
  },
  'reconnect-required': {
    reason: 'Microsoft no longer accepts the access. The mail goes out once the mailbox is reconnected.',
    action: 'Reconnect the mailbox',
  },
  'large-attachments-disabled': {
    reason: 'The mail needs large file attachments. It goes out once they are enabled.',
    action: 'Enable large file attachments',
  },
  'app-misconfigured': {
    reason: 'The app registration in Entra does not work. The mail goes out once the operator has fixed it.',
    action: 'See what the operator has to fix',
  },
} as const satisfies Record<HeldBecause, unknown>
