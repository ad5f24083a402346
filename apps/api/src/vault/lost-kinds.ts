/** Maps the purpose that values are sealed for to what an operator calls it. */
export const KINDS = {
  'refresh-token': 'tokens',
  'access-token': 'tokens',
  consent: 'consents',
  'sign-in': 'sign-ins',
  'webhook-secret': 'webhooks',
  'content-key': 'messages',
  'data-key': 'messages',
  'upload-url': 'messages',
} as const

export type LostKind = (typeof KINDS)[keyof typeof KINDS]
export const LOST_KINDS: readonly LostKind[] = [...new Set(Object.values(KINDS))]
