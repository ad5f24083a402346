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
  'graph-other',
] as const

export type Endpoint = (typeof ENDPOINTS)[number]
