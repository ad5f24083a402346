import type { z } from 'zod'
import type { Translate } from '../language/translate.ts'
import { faultText } from './server-text.ts'

/** The entries of a text in which each has a line; spaces, commas and semicolons part them as well. */
export function splitEntries(text: string): string[] {
  return text.split(/[\s,;]+/).filter((entry) => entry !== '')
}

/** The contract's first objection to a list that was entered as text, with the entry that it is about. */
export function listFault(schema: z.ZodType, entries: readonly string[], t: Translate): string | null {
  const [issue] = schema.safeParse(entries).error?.issues ?? []
  if (!issue) return null
  const [index] = issue.path
  const entry = typeof index === 'number' ? entries[index] : undefined
  const fault = faultText(issue.message, t)
  return entry === undefined ? fault : `${entry}: ${fault}`
}
