import { randomBytes } from 'node:crypto'

const PREFIXES = {
  user: 'usr',
  session: 'ses',
  tenant: 'ten',
  consent: 'con',
  message: 'msg',
  dataKey: 'dky',
  serviceKey: 'key',
  alert: 'alt',
  webhook: 'whk',
  stream: 'wst',
} as const

/** Returns a new public id: a prefix for its kind, then 128 random bits in hex. */
export function newId(kind: keyof typeof PREFIXES): string {
  return `${PREFIXES[kind]}_${randomBytes(16).toString('hex')}`
}
