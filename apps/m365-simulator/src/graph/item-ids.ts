import type { Folder } from '../state/events.ts'
import { isVisible, type Mailbox, type MailboxItem } from '../state/store.ts'

/** regular: names the folder too, so that it changes when the item moves. immutable: for clients that ask for it. */
export type IdKind = 'regular' | 'immutable'

export type ItemLookup =
  | { readonly kind: 'found'; readonly item: MailboxItem }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'not-found' }

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

/** Finds by the id of the kind the request speaks; case matters, and so does the mailbox. */
export function findItem(mailbox: Mailbox | undefined, id: string, kind: IdKind, nowMs: number): ItemLookup {
  const match = (kind === 'immutable' ? IMMUTABLE : REGULAR).exec(id)
  if (match === null) return { kind: 'malformed' }
  const item = mailbox?.byId.get(match.at(-1) ?? '')
  if (item === undefined || !isVisible(item, nowMs) || itemId(item, kind) !== id) return { kind: 'not-found' }
  return { kind: 'found', item }
}
