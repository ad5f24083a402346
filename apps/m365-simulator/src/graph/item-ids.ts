import type { Folder } from '../tenant/message.ts'
import { isVisible, type Mailbox, type MailboxItem } from '../tenant/store.ts'
import { GraphError } from './graph-error.ts'

/** A `regular` id names the folder too, so it changes when the item moves. `immutable` ids are for clients that ask. */
export type IdKind = 'regular' | 'immutable'

interface Lookup {
  readonly mailbox: Mailbox | undefined
  readonly idKind: IdKind
  readonly nowMs: number
}

const FOLDER_MARKS = { drafts: 'D', sentItems: 'S', inbox: 'I', deletedItems: 'T' } as const satisfies Record<
  Folder,
  string
>
const REGULAR = /^AAMkAD([DSIT])([\w-]+=?)=$/
const IMMUTABLE = /^AAkALg([\w-]+=?)=$/

/** @param prefer the request header of that name */
export function wantedIdKind(prefer: string | string[] | undefined): IdKind {
  return /(?:^|,)\s*IdType\s*=\s*"ImmutableId"\s*(?:,|;|$)/i.test(String(prefer ?? '')) ? 'immutable' : 'regular'
}

export function itemId({ id, folder }: MailboxItem, kind: IdKind): string {
  return kind === 'immutable' ? `AAkALg${id}=` : `AAMkAD${FOLDER_MARKS[folder]}${id}=`
}

/**
 * Finds a message by an id of the requested kind. Case matters, and so does the mailbox.
 *
 * @throws GraphError
 */
export function findItem({ mailbox, idKind, nowMs }: Lookup, id: string): MailboxItem {
  const match = (idKind === 'immutable' ? IMMUTABLE : REGULAR).exec(id)
  if (match === null) throw new GraphError(400, 'ErrorInvalidIdMalformed', 'Id is malformed.')
  const item = mailbox?.byId.get(match.at(-1) ?? '')
  if (item !== undefined && isVisible(item, nowMs) && itemId(item, idKind) === id) return item
  throw new GraphError(
    404,
    'ErrorItemNotFound',
    'The specified object was not found in the store., The process failed to get the correct properties.',
  )
}
