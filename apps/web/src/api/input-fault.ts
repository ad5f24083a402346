import type { z } from 'zod'
import type { Translate } from '../language/translate.ts'
import { CallFailed } from './failure.ts'
import { faultText } from './server-text.ts'

/** The contract's first objection to `value`, as a sentence in the page's language; null when it is valid. */
export function inputFault(schema: z.ZodType, value: unknown, t: Translate): string | null {
  const [issue] = schema.safeParse(value).error?.issues ?? []
  return issue ? faultText(issue.message, t) : null
}

/** The API's objection to the field at `path`, as a sentence; null when the error is about something else. */
export function refusedInput(error: unknown, path: string, t: Translate): string | null {
  if (!(error instanceof CallFailed) || error.failure.kind !== 'problem') return null
  const refused = error.failure.problem.errors?.find((fault) => fault.path === path)
  return refused ? faultText(refused.message, t) : null
}

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
