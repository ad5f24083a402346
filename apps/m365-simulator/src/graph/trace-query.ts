import type { TraceRow } from '../tenant/trace-row.ts'
import { badRequest } from './graph-error.ts'

// What the service makes of a query, which is less than it is asked: conditions are joined by AND whatever stands between
// them, the last value for a property counts, and what it does not know is ignored, not refused.

const DAY_MS = 24 * 60 * 60_000
const MOST_ROWS = 5_000
const DEFAULT_ROWS = 1_000
const QUOTED = `'((?:[^']|'')*)'`

export interface TraceQuery {
  readonly matches: (row: TraceRow, status: string) => boolean
  readonly top: number
}

/** @throws GraphError with the texts of the service */
export function readTraceQuery(query: URLSearchParams, nowMs: number, mayEndLater: boolean): TraceQuery {
  const filter = query.get('$filter') ?? ''
  const top = readTop(query.get('$top'))
  const { fromMs, toMs } = readPeriod(filter, nowMs)
  if (toMs > nowMs && !mayEndLater) throw badRequest("Invalid EndDate value. The EndDate can't be in the future.")
  const equal = new Map<string, string>()
  for (const [, name = '', value = ''] of filter.matchAll(new RegExp(`(\\w+) eq ${QUOTED}`, 'gi')))
    equal.set(name.toLowerCase(), value.replaceAll("''", "'"))
  for (const [, value = ''] of filter.matchAll(/\bstatus eq (\w+)/gi)) equal.set('status', value)
  const subjects = [
    ...filter.matchAll(new RegExp(`(contains|startswith|endswith)\\(\\s*subject\\s*,\\s*${QUOTED}\\s*\\)`, 'gi')),
  ]
  const [, how = '', text = ''] = subjects.at(-1) ?? []

  return {
    top,
    matches(row, status) {
      if (row.receivedMs < fromMs || row.receivedMs > toMs) return false
      if (!isSubject(row.subject.toLowerCase(), how.toLowerCase(), text.replaceAll("''", "'").toLowerCase()))
        return false
      return [...equal].every(([name, value]) => isEqual(row, status, name, value))
    },
  }
}

function isEqual(row: TraceRow, status: string, name: string, value: string): boolean {
  const wanted = value.toLowerCase()
  switch (name) {
    case 'id':
      return row.id === wanted
    case 'messageid':
      return row.messageId === value
    case 'senderaddress':
      return isAddress(row.senderAddress, wanted)
    case 'recipientaddress':
      return isAddress(row.recipientAddress, wanted)
    case 'status':
      return status.toLowerCase() === wanted
    default:
      return true
  }
}

/** `*@domain` stands for all addresses of a domain; there is no other wildcard. */
function isAddress(address: string, wanted: string): boolean {
  return wanted.startsWith('*@') ? address.toLowerCase().endsWith(wanted.slice(1)) : address.toLowerCase() === wanted
}

function isSubject(subject: string, how: string, text: string): boolean {
  if (how === 'contains') return subject.includes(text)
  if (how === 'startswith') return subject.startsWith(text)
  return how !== 'endswith' || subject.endsWith(text)
}

function readTop(text: string | null): number {
  const top = Number(text ?? '0')
  if (!Number.isInteger(top) || top < 0 || top > MOST_ROWS) throw badRequest('ResultSize is invalid')
  return top === 0 ? DEFAULT_ROWS : top
}

function readPeriod(filter: string, nowMs: number): { readonly fromMs: number; readonly toMs: number } {
  const bound = (operator: string) => {
    const found = [...filter.matchAll(new RegExp(`receivedDateTime ${operator} ([\\dT:.Z+-]+)`, 'gi'))].at(-1)?.[1]
    return found === undefined ? null : Date.parse(found)
  }
  const fromMs = bound('ge')
  const toMs = bound('le')
  if (fromMs === null && toMs === null) return { fromMs: nowMs - 2 * DAY_MS, toMs: nowMs }
  if (fromMs === null) throw badRequest('StartDate is required when an EndDate is entered.')
  if (toMs === null) throw badRequest('EndDate is required when a StartDate is entered.')
  if (toMs - fromMs > 10 * DAY_MS)
    throw badRequest(
      "|System.ArgumentException|The interval between StartDate and EndDate can't be longer than 10 days.",
    )
  const today = nowMs - (nowMs % DAY_MS)
  if (fromMs < today - 90 * DAY_MS)
    throw badRequest("Invalid StartDate value. The StartDate can't be older than 90 days from today.")
  return { fromMs, toMs }
}
