/** Every place a client can call, by the name under which faults and counters know it. */
export const ENDPOINTS = [
  'authorize',
  'sign-in',
  'admin-consent',
  'token',
  'logout',
  'discovery',
  'keys',
  'me',
  'sendMail',
  'draft-create',
  'draft-send',
  'draft-attach',
  'message-get',
  'message-update',
  'message-delete',
  'message-search',
  'graph-other',
] as const

export type Endpoint = (typeof ENDPOINTS)[number]
