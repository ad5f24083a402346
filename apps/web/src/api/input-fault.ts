import type { z } from 'zod'
import { CallFailed } from './failure.ts'

/** The contract's first objection to `value`, as a sentence; null when it is valid. */
export function inputFault(schema: z.ZodType, value: unknown): string | null {
  return schema.safeParse(value).error?.issues[0]?.message ?? null
}

/** The API's objection to the field at `path`, as a sentence; null when the error is about something else. */
export function refusedInput(error: unknown, path: string): string | null {
  if (!(error instanceof CallFailed) || error.failure.kind !== 'problem') return null
  return error.failure.problem.errors?.find((fault) => fault.path === path)?.message ?? null
}
