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
