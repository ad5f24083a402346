import type { ProblemCode } from '@inforiver-mail/contract/problem'
import type { z } from 'zod'
import { type Fault, ProblemError, type Said, say } from './problem.ts'
import { fault } from '@inforiver-mail/contract/fault-text'

const MAX_LISTED_FAULTS = 100
const MAX_LISTED_BYTES = 48 * 1024
const MAX_PATH_CHARACTERS = 200

/** Reports all faults at once, each with its path. Of very many it lists the first, and counts the rest. */
export function refuseInput(faults: readonly Fault[]): ProblemError {
  return refuseFaults('invalid-input', faults)
}

/** Like `refuseInput`, for input that is valid and still not accepted. */
export function refuseFaults(code: ProblemCode, faults: readonly Fault[]): ProblemError {
  const listed = listable(faults)
  return new ProblemError(code, summarize(listed, faults.length - listed.length), { errors: listed })
}

function summarize(listed: readonly Fault[], more: number): string | Said {
  const [first] = listed
  if (more > 0) return say('more-faults', { count: listed.length + more, listed: listed.length, more })
  if (listed.length === 1 && first) return `${first.path && `${first.path}: `}${first.message}`
  return say('faults', { count: listed.length })
}

/** Returns the first faults that fit into an answer. Paths are cut too, since the client chose the names in them. */
function listable(faults: readonly Fault[]): Fault[] {
  const shortened = faults.slice(0, MAX_LISTED_FAULTS).map(({ path, message }) => ({ path: cutPath(path), message }))
  let bytes = 0
  const end = shortened.findIndex((fault) => {
    bytes += Buffer.byteLength(JSON.stringify(fault))
    return bytes > MAX_LISTED_BYTES
  })
  return end === -1 ? shortened : shortened.slice(0, end)
}

function cutPath(path: string): string {
  return path.length <= MAX_PATH_CHARACTERS ? path : `${path.slice(0, MAX_PATH_CHARACTERS).toWellFormed()}…`
}

/** Translates the issues of a schema. */
export function faultsOf(issues: readonly z.core.$ZodIssue[]): Fault[] {
  return issues.flatMap(toFaults)
}

function toFaults(issue: z.core.$ZodIssue): Fault[] {
  const path = toPath(issue.path)
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({ path: path ? `${path}.${key}` : key, message: unknownField(issue) }))
    case 'invalid_union':
      return (
        nearestBranch(issue.errors)?.flatMap((inner) => toFaults(within(issue, inner))) ?? [
          { path, message: issue.message },
        ]
      )
    case 'invalid_key':
      return issue.issues.flatMap((inner) => toFaults(within(issue, inner)))
    default:
      return [{ path, message: issue.message }]
  }
}

/** Uses the message of the contract, if it has one in place of zod's own. */
function unknownField({ message }: z.core.$ZodIssue): string {
  return message.startsWith('Unrecognized key') ? fault('unknown-field') : message
}

function within({ path }: z.core.$ZodIssue, inner: z.core.$ZodIssue): z.core.$ZodIssue {
  return { ...inner, path: [...path, ...inner.path] }
}

/** Picks the alternative with the fewest faults among those of the value's type; null when no alternative has that type. */
function nearestBranch(branches: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] | null {
  const rightKind = branches.filter(
    (issues) => !issues.some(({ code, path }) => code === 'invalid_type' && path.length === 0),
  )
  return rightKind.toSorted((one, other) => one.length - other.length)[0] ?? null
}

/** Writes `['to', 2, 'address']` as `to[2].address`. */
function toPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`
    return text ? `${text}.${String(key)}` : String(key)
  }, '')
}
