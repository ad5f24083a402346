import type { JWK } from 'jose'
import { type Blobs, fileBlobs, type Journal, memoryBlobs, memoryJournal, openJournal } from './data-folder.ts'
import { type DirectoryIndex, NO_RIGHTS, type Rights } from './directory.ts'
import type { Folder, MessageCopy, StoredMessage, TraceRow } from './message.ts'

/** What an authorization code stands for. Times in ms since 1970. */
export interface IssuedCode {
  readonly oid: string
  readonly redirectUri: string
  readonly scopes: readonly string[]
  readonly nonce: string | null
  /** The challenge of PKCE, by S256. */
  readonly challenge: string | null
  readonly issuedAtMs: number
}

export interface IssuedRefreshToken {
  readonly oid: string
  readonly scopes: readonly string[]
  readonly issuedAtMs: number
}

/** A copy in a mailbox. `sequence` grows across all mailboxes and is never reused. */
export interface MailboxItem extends MessageCopy {
  readonly sequence: number
  readonly message: StoredMessage
}

/** The copies by their id, oldest first. */
export type Mailbox = Map<string, MailboxItem>

export type CodeState = IssuedCode & { redeemed: boolean }

/** Read it anywhere; change it only through `commit`. */
export type State = ReturnType<typeof emptyState>

export interface Store {
  readonly state: State
  readonly blobs: Blobs
  /** Durable when it returns. */
  commit(event: StateEvent): void
  /** Forgets everything but the signing key, which relying parties may have cached. */
  reset(): void
}

/** @throws Error when the folder cannot be written or its journal is damaged. */
export function openStore(dataDirectory: string | null): Store {
  const state = emptyState()
  const blobs = dataDirectory === null ? memoryBlobs() : fileBlobs(dataDirectory)
  const journal: Journal<StateEvent> =
    dataDirectory === null ? memoryJournal : openJournal<StateEvent>(dataDirectory, (event) => apply(state, event))
  const items = [...state.mailboxes.values()].flatMap((mailbox) => Array.from(mailbox.values()))
  blobs.keepOnly(new Set(items.flatMap(({ message }) => contentsOf(message))))
  return {
    state,
    blobs,
    commit(event) {
      journal.append(event)
      apply(state, event)
    },
    reset() {
      const { signingKey, lastSequence } = state
      Object.assign(state, emptyState(), { signingKey, lastSequence })
      journal.rewrite([
        ...(signingKey === null ? [] : [{ type: 'signing-key-created' as const, privateJwk: signingKey }]),
        { type: 'sequence-reached', sequence: lastSequence },
      ])
      blobs.keepOnly(new Set())
    },
  }
}

function contentsOf({ attachments, mime }: StoredMessage): readonly string[] {
  return [...attachments.map(({ sha256 }) => sha256), ...(mime ? [mime.sha256] : [])]
}

/** The rights as they are now: those set at run time, else the directory's. */
export function rightsOf(state: State, index: DirectoryIndex, address: string, oid: string): Rights {
  const changed = state.rights.get(address.toLowerCase())?.get(oid)
  if (changed !== undefined) return { ...NO_RIGHTS, ...changed } // a journal of an earlier version knows fewer rights
  const addressee = index.byAddress(address)
  return addressee === undefined || addressee.kind === 'person' ? NO_RIGHTS : (addressee.rights[oid] ?? NO_RIGHTS)
}

export function itemsIn(mailbox: Mailbox | undefined, folder: Folder, nowMs: number): MailboxItem[] {
  return [...(mailbox?.values() ?? [])].filter((item) => item.folder === folder && isVisible(item, nowMs))
}

/** The copy in Sent Items appears only once transport has taken the message. */
export function isVisible({ visibleFromMs }: MessageCopy, nowMs: number): boolean {
  return visibleFromMs === undefined || visibleFromMs <= nowMs
}

function emptyState() {
  return {
    signingKey: null as JWK | null,
    userConsents: new Map<string, Set<string>>(),
    tenantConsents: new Set<string>(),
    /** What the application may do without a user. */
    applicationConsents: new Set<string>(),
    codes: new Map<string, CodeState>(),
    refreshTokens: new Map<string, IssuedRefreshToken & { lastUsedAtMs: number }>(),
    refreshTokensValidFromMs: new Map<string, number>(),
    accessTokensValidFromMs: new Map<string, number>(),
    /** Rights that differ from the directory's, by address, then by oid. */
    rights: new Map<string, Map<string, Rights>>(),
    mailboxes: new Map<string, Mailbox>(),
    /** The message trace, by the time of receipt, so that reading it is stable. */
    traced: [] as TraceRow[],
    lastSequence: 0,
  }
}

/** How each event changes the state. Times in ms since 1970. */
const HANDLERS = {
  'signing-key-created': (state: State, { privateJwk }: { privateJwk: JWK }) => void (state.signingKey = privateJwk),
  'user-consented': ({ userConsents }: State, { oid, scopes }: Grant) =>
    void userConsents.set(oid, new Set([...(userConsents.get(oid) ?? []), ...scopes])),
  'user-consent-removed': ({ userConsents }: State, { oid }: { oid: string }) => void userConsents.delete(oid),
  'tenant-consented': ({ tenantConsents }: State, { scopes }: { scopes: readonly string[] }) =>
    scopes.forEach((scope) => tenantConsents.add(scope)),
  'application-consented': ({ applicationConsents }: State, { permissions }: { permissions: readonly string[] }) =>
    permissions.forEach((permission) => applicationConsents.add(permission)),
  'tenant-consent-removed': ({ tenantConsents, applicationConsents }: State) => {
    tenantConsents.clear()
    applicationConsents.clear()
  },
  // Codes and refresh tokens appear only as SHA-256 hashes, so the data folder holds nothing that could be redeemed.
  'code-issued': ({ codes }: State, { hash, code }: { hash: string; code: IssuedCode }) =>
    void codes.set(hash, { ...code, redeemed: false }),
  'code-redeemed': ({ codes }: State, { hash }: { hash: string }) => {
    const code = codes.get(hash)
    if (code !== undefined) code.redeemed = true
  },
  'refresh-token-issued': ({ refreshTokens }: State, { hash, token }: { hash: string; token: IssuedRefreshToken }) =>
    void refreshTokens.set(hash, { ...token, lastUsedAtMs: token.issuedAtMs }),
  'refresh-token-used': ({ refreshTokens }: State, { hash, atMs }: { hash: string; atMs: number }) => {
    const token = refreshTokens.get(hash)
    if (token !== undefined) token.lastUsedAtMs = atMs
  },
  'refresh-tokens-revoked': (state: State, { oid, atMs }: Revocation) =>
    void state.refreshTokensValidFromMs.set(oid, atMs),
  'access-tokens-revoked': (state: State, { oid, atMs }: Revocation) =>
    void state.accessTokensValidFromMs.set(oid, atMs),
  /** Sequence numbers up to this one are taken. */
  'sequence-reached': (state: State, { sequence }: { sequence: number }) => void (state.lastSequence = sequence),
  'rights-set': (state: State, { address, oid, rights }: { address: string; oid: string; rights: Rights }) =>
    void state.rights.set(address, new Map(state.rights.get(address)).set(oid, rights)),
  'message-accepted': (state: State, { message, copies }: Delivered) => addItems(state, message, copies),
  /** Covers both creating and changing. */
  'draft-saved': (state: State, { mailbox, id, message }: Place & { message: StoredMessage }) => {
    const saved = state.mailboxes.get(mailbox)?.get(id)
    if (saved === undefined) addItems(state, message, [{ id, mailbox, folder: 'drafts' }])
    else addItem(state, { ...saved, message })
  },
  /** Removes the draft; `copies` has it under the same id in Sent Items. */
  'draft-sent': (state: State, { mailbox, id, message, copies }: Place & Delivered) => {
    state.mailboxes.get(mailbox)?.delete(id)
    addItems(state, message, copies)
  },
  /** In the message trace. */
  'message-traced': ({ traced }: State, { rows }: { rows: readonly TraceRow[] }) => {
    for (const row of rows) {
      const place = traced.findLastIndex(({ receivedMs }) => receivedMs <= row.receivedMs)
      traced.splice(place + 1, 0, row)
    }
  },
  /** Moves to Deleted Items, or out of it for good. */
  'message-deleted': (state: State, { mailbox, id }: Place) => {
    const item = state.mailboxes.get(mailbox)?.get(id)
    state.mailboxes.get(mailbox)?.delete(id)
    if (item === undefined || item.folder === 'deletedItems') return
    addItem(state, { ...item, folder: 'deletedItems', sequence: ++state.lastSequence })
  },
}

type Grant = { readonly oid: string; readonly scopes: readonly string[] }
type Revocation = { readonly oid: string; readonly atMs: number }
type Place = { readonly mailbox: string; readonly id: string }
type Delivered = { readonly message: StoredMessage; readonly copies: readonly MessageCopy[] }

/** Everything durable is one of these events; the journal is their sequence. */
type StateEvent = {
  [Type in keyof typeof HANDLERS]: { readonly type: Type } & (Parameters<(typeof HANDLERS)[Type]> extends [
    State,
    infer Details,
  ]
    ? Details
    : unknown)
}[keyof typeof HANDLERS]

function apply(state: State, event: StateEvent): void {
  // A folder of an earlier version may hold events that are no longer there.
  const handler = HANDLERS[event.type] as ((state: State, event: StateEvent) => void) | undefined
  handler?.(state, event)
}

function addItems(state: State, message: StoredMessage, copies: readonly MessageCopy[]): void {
  for (const copy of copies) {
    const sequence = copy.sequence ?? state.lastSequence + 1
    state.lastSequence = Math.max(state.lastSequence, sequence)
    addItem(state, { ...copy, sequence, message })
  }
}

/** Takes the place of an item with the same id. */
function addItem({ mailboxes }: State, item: MailboxItem): void {
  const mailbox = mailboxes.get(item.mailbox) ?? new Map<string, MailboxItem>()
  mailboxes.set(item.mailbox, mailbox.set(item.id, item))
}
