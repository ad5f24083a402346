import type { RandomBytes } from '@inforiver-mail/m365/random'

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

/**
 * Returns a new public id: a prefix for its kind, then in hex the milliseconds since 1970 in 48 bits, and 80 random bits.
 * What is written at the same time lies together in every index: see docs/decisions/0056-ids-begin-with-the-time.md.
 */
export type NewId = (kind: keyof typeof PREFIXES) => string

/** @param clock decides nothing but the place in an index */
export function createIds({ clock, random }: { clock: () => Date; random: RandomBytes }): NewId {
  return (kind) => {
    const time = clock().getTime().toString(16).padStart(TIME_DIGITS, '0')
    return `${PREFIXES[kind]}_${time}${random(RANDOM_BYTES).toString('hex')}`
  }
}
