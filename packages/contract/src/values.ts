import { z } from 'zod'

/**
 * What a text says beyond its code, by name, so that a reader can word it in another language. Flat and bounded: text,
 * numbers, truth values, lists of texts; a date is ISO 8601. It holds no secret, and no address that the text does not
 * show. Empty where nothing is known, as for what an older version stored.
 */
export const Values = z.record(
  z.string(),
  z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())]),
)
export type Values = z.infer<typeof Values>
