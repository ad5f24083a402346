import { z } from 'zod'
import { fault } from './fault-text.ts'

// Kinds of fields that many requests and answers have.

/** A time in an answer: ISO 8601 in UTC. What a request gives is a `Moment`. */
export const Time = z.iso.datetime()

export const Count = z.int().nonnegative()

export const TextOrNull = z.string().nullable()

/** An id of ours, such as `msg_` and 32 hexadecimal digits. `what` it is of begins with an article. */
export function prefixedId(prefix: string, { what, example }: { what: string; example: string }) {
  return z
    .string()
    .regex(new RegExp(`^${prefix}_[0-9a-f]{32}$`), fault('not-an-id', { what }))
    .meta({
      description: `The id of ${what.replace(/^an?/, 'the')}.`,
      examples: [`${prefix}_${example}`],
    })
}

/** A parameter of an address. */
export function wholeNumber({ min, max, whenLeftOut }: { min: number; max: number; whenLeftOut: number }) {
  return z.coerce
    .number(fault('whole-number-once'))
    .int(fault('whole-number'))
    .min(min, fault('number-too-small', { min }))
    .max(max, fault('number-too-large', { max }))
    .default(whenLeftOut)
}
