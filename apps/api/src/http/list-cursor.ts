import { fault } from '@inforiver-mail/contract/fault-text'
import type { ListPosition, Toward } from '../domain/list-position.ts'
import { refuseInput } from './input-faults.ts'

const CURSOR = /^(newer )?((?!0000)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (.+)$/ // PostgreSQL has no year 0

/** Writes a cursor. It is opaque to the caller, and remains valid while items are added in front. */
export function writeCursor({ at, id }: ListPosition, toward: Toward = 'older'): string {
  return Buffer.from(`${toward === 'newer' ? 'newer ' : ''}${at.toISOString()} ${id}`).toString('base64url')
}

/** @throws {ProblemError} `invalid-input` unless `writeCursor` wrote it, for an id of this pattern and in one of these directions */
export function parseCursor(
  cursor: string,
  idPattern: RegExp,
  directions: readonly Toward[] = ['older'],
): ListPosition & { readonly toward: Toward } {
  const [, newer, time = '', id = ''] = CURSOR.exec(Buffer.from(cursor, 'base64url').toString('utf8')) ?? []
  const at = new Date(time)
  const toward = newer === undefined ? 'older' : 'newer'
  if (!Number.isNaN(at.getTime()) && idPattern.test(id) && directions.includes(toward)) return { at, id, toward }
  throw refuseInput([{ path: 'cursor', message: fault('cursor-unknown') }])
}
