import { z } from 'zod'
import { fault } from './fault-text.ts'

/**
 * Limits an array or a record to `max` entries, and counts them before it validates any. zod's own `max` runs after the
 * elements: a body of a few hundred kilobytes would take seconds, and report a fault for each of them.
 */
export function bounded<Schema extends z.ZodArray | z.ZodRecord>(
  schema: Schema,
  max: number,
  tooMany: string | ((count: number) => string),
) {
  const refuseTooMany = (value: z.input<Schema>, context: z.RefinementCtx) => {
    const count = countEntries(value)
    if (count > max)
      context.addIssue({ code: 'custom', message: typeof tooMany === 'string' ? tooMany : tooMany(count) })
    return value
  }
  return z
    .preprocess(refuseTooMany, schema)
    .meta(schema instanceof z.ZodRecord ? { maxProperties: max } : { maxItems: max })
}

/** A list of at least one and at most `max` entries, each once. */
export function eachOnce<Entry extends z.ZodType>(what: 'scope' | 'service' | 'type', entry: Entry, max: number) {
  const list = z
    .array(entry, { error: fault(`${what}-list`) })
    .min(1, fault(`${what}-missing`))
    .refine((entries) => new Set(entries).size === entries.length, fault(`${what}-twice`))
  return bounded(list, max, fault(`too-many-${what}s`, { max }))
}

function countEntries(value: unknown): number {
  if (Array.isArray(value)) return value.length
  return typeof value === 'object' && value !== null ? Object.keys(value).length : 0
}
