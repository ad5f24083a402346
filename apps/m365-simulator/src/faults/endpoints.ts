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
  'attachment-list',
  'upload-session-create',
  'message-get',
  'message-update',
  'message-delete',
  'message-search',
  'graph-other',
  'upload-range',
  'upload-status',
  'upload-cancel',
] as const

/** Those a chaos run breaks. */
export const CHAOS_ENDPOINTS: ReadonlySet<Endpoint | null> = new Set([
  'sendMail',
  'draft-create',
  'draft-attach',
  'draft-send',
  'upload-session-create',
  'upload-range',
])

/** Those that are Graph's, and take as long as `latencyMs` says. */
export const GRAPH_ENDPOINTS: ReadonlySet<Endpoint | null> = new Set([
  'me',
  'sendMail',
  'draft-create',
  'draft-send',
  'draft-attach',
  'attachment-list',
  'upload-session-create',
  'message-get',
  'message-update',
  'message-delete',
  'message-search',
  'graph-other',
])

export type Endpoint = (typeof ENDPOINTS)[number]
