import type { Message } from '@inforiver-mail/contract/message'
import { ProblemError } from '../http/problem.ts'

const CURSOR = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (msg_[0-9a-f]{32})$/ // years that PostgreSQL knows as well

/** Where a page of the list ends: opaque to the caller, and stable while messages are added in front. */
export function writeCursor({ createdAt, id }: Pick<Message, 'createdAt' | 'id'>): string {
  return Buffer.from(`${createdAt} ${id}`).toString('base64url')
}

/** @throws {ProblemError} `invalid-input` for anything that `writeCursor` did not write. */
export function parseCursor(cursor: string): { createdAt: Date; id: string } {
  const [, time = '', id = ''] = CURSOR.exec(Buffer.from(cursor, 'base64url').toString('utf8')) ?? []
  const createdAt = new Date(time)
  if (!Number.isNaN(createdAt.getTime())) return { createdAt, id }
  throw new ProblemError('invalid-input', 'cursor: use the nextCursor of the page before, unchanged.', {
    errors: [{ path: 'cursor', message: 'Use the nextCursor of the page before, unchanged.' }],
  })
}
