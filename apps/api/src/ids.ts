import { randomBytes } from 'node:crypto'
import { createRandomStock } from '@inforiver-mail/m365/random'

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

const random = createRandomStock(randomBytes)

/** Returns a new public id: a prefix for its kind, then 128 random bits in hex. */
export function newId(kind: keyof typeof PREFIXES): string {
  return `${PREFIXES[kind]}_${random(16).toString('hex')}`
}
