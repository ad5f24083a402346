import { z } from 'zod'

/**
 * What a text says beyond its code, by name, so that a reader can word it in another language. Flat and bounded: text,
 * numbers, truth values, lists of texts; a date is ISO 8601. It holds no secret, and no address that the text does not
 * show. Empty where nothing is known, as for what an older version stored.
 */
export const Values = z
  .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())]))
  .meta({ description: 'Facts for a text in another language, by name.', examples: [{}] })
export type Values = z.infer<typeof Values>

/** Describes the values beside a title and a detail. */
export const FACTS = 'Facts for a text in another language; title and detail are the English of it.'
