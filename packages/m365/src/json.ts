import { z } from 'zod'

/**
 * A text member that Microsoft may leave out, or send as something else: null then. An empty text counts as missing.
 */
export const optionalText = z.string().min(1).nullable().catch(null)

/** Accepts any JSON object. */
export const jsonObject = z.record(z.string(), z.unknown())

/** What a body says, read by a schema; null when it is not JSON or does not fit. */
export function readJson<Schema extends z.ZodType>(text: string, schema: Schema): z.output<Schema> | null {
  if (text === '') return null // an accepted mail is answered without a body, and an exception is expensive
  try {
    return schema.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return null
  }
}
