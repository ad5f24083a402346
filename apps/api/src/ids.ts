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

const TIME_DIGITS = 12
const RANDOM_BYTES = 10

const random = createRandomStock(randomBytes)

/**
 * Returns a new public id: a prefix for its kind, then in hex the milliseconds since 1970 in 48 bits, and 80 random bits.
 * What is written at the same time lies together in every index: see docs/decisions/0056-ids-begin-with-the-time.md.
 */
export function newId(kind: keyof typeof PREFIXES): string {
  const time = Date.now().toString(16).padStart(TIME_DIGITS, '0') // oxlint-disable-line no-restricted-properties -- it decides nothing but the place in an index
  return `${PREFIXES[kind]}_${time}${random(RANDOM_BYTES).toString('hex')}`
}
