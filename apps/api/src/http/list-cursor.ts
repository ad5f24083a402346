import { fault } from '@inforiver-mail/contract/fault-text'
import type { ListPosition, Toward } from '../domain/list-position.ts'
import { refuseInput } from './input-faults.ts'

const CURSOR = /^((?!0000)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (.+)$/ // PostgreSQL has no year 0

/** Writes a cursor. It is opaque to the caller, and remains valid while items are added in front. */
export function writeCursor({ at, id }: ListPosition): string {
  return Buffer.from(`${at.toISOString()} ${id}`).toString('base64url')
}

/** @throws {ProblemError} `invalid-input` unless `writeCursor` wrote the cursor for an id of this pattern */
export function parseCursor(cursor: string, idPattern: RegExp): ListPosition {
  const [, time = '', id = ''] = CURSOR.exec(Buffer.from(cursor, 'base64url').toString('utf8')) ?? []
  const at = new Date(time)
  if (!Number.isNaN(at.getTime()) && idPattern.test(id)) return { at, id }
  throw refuseInput([{ path: 'cursor', message: fault('cursor-unknown') }])
}

const NEWER = 'newer '

/** Writes a cursor for a list that can be read in both directions. */
export function writeCursorToward(position: ListPosition, toward: Toward): string {
  if (toward === 'older') return writeCursor(position)
  return Buffer.from(`${NEWER}${position.at.toISOString()} ${position.id}`).toString('base64url')
}

/** @throws {ProblemError} as `parseCursor` does */
export function parseCursorToward(cursor: string, idPattern: RegExp): ListPosition & { readonly toward: Toward } {
  const text = Buffer.from(cursor, 'base64url').toString('utf8')
  if (!text.startsWith(NEWER)) return { ...parseCursor(cursor, idPattern), toward: 'older' }
  const older = Buffer.from(text.slice(NEWER.length)).toString('base64url')
  return { ...parseCursor(older, idPattern), toward: 'newer' }
}
