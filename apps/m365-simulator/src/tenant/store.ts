import type { JWK } from 'jose'
import type { TraceRow } from './trace-row.ts'
import { type DirectoryIndex, NO_RIGHTS, type Rights } from './directory.ts'
import { type Blobs, fileBlobs, memoryBlobs } from './blobs.ts'
import type { IssuedCode, IssuedRefreshToken, StateEvent } from './events.ts'
import { type Journal, memoryJournal, openJournal } from './journal.ts'
import type { Folder, MessageCopy, StoredMessage } from './message.ts'

/** A copy in a mailbox. `sequence` grows across all mailboxes and is never reused. */
export interface MailboxItem extends MessageCopy {
  readonly sequence: number
  readonly message: StoredMessage
}

export interface Mailbox {
  readonly address: string
  /** Oldest first. */
  readonly items: MailboxItem[]
  readonly byId: Map<string, MailboxItem>
}

export interface CodeState extends IssuedCode {
  redeemed: boolean
}

export interface RefreshTokenState extends IssuedRefreshToken {
  lastUsedAtMs: number
}

/** Read it anywhere; change it only through `commit`. */
export interface State {
  signingKey: JWK | null
  readonly userConsents: Map<string, Set<string>>
  readonly tenantConsents: Set<string>
  /** What the application may do without a user. */
  readonly applicationConsents: Set<string>
  readonly codes: Map<string, CodeState>
  readonly refreshTokens: Map<string, RefreshTokenState>
  readonly refreshTokensValidFromMs: Map<string, number>
  readonly accessTokensValidFromMs: Map<string, number>
  /** Rights that differ from the directory's, by address, then by oid. */
  readonly rights: Map<string, Map<string, Rights>>
  readonly mailboxes: Map<string, Mailbox>
  /** The message trace, by the time of receipt, so that reading it is stable. */
  readonly traced: TraceRow[]
  lastSequence: number
}

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
  const items = [...state.mailboxes.values()].flatMap((mailbox) => mailbox.items)
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
  return mailbox?.items.filter((item) => item.folder === folder && isVisible(item, nowMs)) ?? []
}

/** The copy in Sent Items appears only once transport has taken the message. */
export function isVisible({ visibleFromMs }: MessageCopy, nowMs: number): boolean {
  return visibleFromMs === undefined || visibleFromMs <= nowMs
}

function emptyState(): State {
  return {
    signingKey: null,
    userConsents: new Map(),
    tenantConsents: new Set(),
    applicationConsents: new Set(),
    codes: new Map(),
    refreshTokens: new Map(),
    refreshTokensValidFromMs: new Map(),
    accessTokensValidFromMs: new Map(),
    rights: new Map(),
    mailboxes: new Map(),
    traced: [],
    lastSequence: 0,
  }
}

type Handlers = {
  readonly [Type in StateEvent['type']]: (state: State, event: Extract<StateEvent, { type: Type }>) => void
}

/** How each event changes the state. */
const HANDLERS: Handlers = {
  'signing-key-created': (state, { privateJwk }) => void (state.signingKey = privateJwk),
  'user-consented': ({ userConsents }, { oid, scopes }) =>
    void userConsents.set(oid, new Set([...(userConsents.get(oid) ?? []), ...scopes])),
  'user-consent-removed': ({ userConsents }, { oid }) => void userConsents.delete(oid),
  'tenant-consented': ({ tenantConsents }, { scopes }) => scopes.forEach((scope) => tenantConsents.add(scope)),
  'application-consented': ({ applicationConsents }, { permissions }) =>
    permissions.forEach((permission) => applicationConsents.add(permission)),
  'tenant-consent-removed': ({ tenantConsents, applicationConsents }) => {
    tenantConsents.clear()
    applicationConsents.clear()
  },
  'code-issued': ({ codes }, { hash, code }) => void codes.set(hash, { ...code, redeemed: false }),
  'code-redeemed': ({ codes }, { hash }) => {
    const code = codes.get(hash)
    if (code !== undefined) code.redeemed = true
  },
  'refresh-token-issued': ({ refreshTokens }, { hash, token }) =>
    void refreshTokens.set(hash, { ...token, lastUsedAtMs: token.issuedAtMs }),
  'refresh-token-used': ({ refreshTokens }, { hash, atMs }) => {
    const token = refreshTokens.get(hash)
    if (token !== undefined) token.lastUsedAtMs = atMs
  },
  'refresh-tokens-revoked': (state, { oid, atMs }) => void state.refreshTokensValidFromMs.set(oid, atMs),
  'access-tokens-revoked': (state, { oid, atMs }) => void state.accessTokensValidFromMs.set(oid, atMs),
  'sequence-reached': (state, { sequence }) => void (state.lastSequence = sequence),
  'rights-set': (state, { address, oid, rights }) =>
    void state.rights.set(address, new Map(state.rights.get(address)).set(oid, rights)),
  'message-accepted': (state, { message, copies }) => addItems(state, message, copies),
  'draft-saved': (state, { mailbox, id, message }) => saveDraft(state, mailbox, id, message),
  'draft-sent': (state, { mailbox, id, message, copies }) => {
    removeItem(state, mailbox, id)
    addItems(state, message, copies)
  },
  'message-traced': ({ traced }, { rows }) => {
    for (const row of rows) {
      const place = traced.findLastIndex(({ receivedMs }) => receivedMs <= row.receivedMs)
      traced.splice(place + 1, 0, row)
    }
  },
  'message-deleted': (state, { mailbox, id }) => {
    const item = removeItem(state, mailbox, id)
    if (item === undefined || item.folder === 'deletedItems') return
    addItem(state, { ...item, folder: 'deletedItems', sequence: ++state.lastSequence })
  },
}

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

function addItem(state: State, item: MailboxItem): void {
  let mailbox = state.mailboxes.get(item.mailbox)
  if (!mailbox) {
    mailbox = { address: item.mailbox, items: [], byId: new Map() }
    state.mailboxes.set(item.mailbox, mailbox)
  }
  mailbox.items.push(item)
  mailbox.byId.set(item.id, item)
}

function saveDraft(state: State, address: string, id: string, message: StoredMessage): void {
  const mailbox = state.mailboxes.get(address)
  const saved = mailbox?.byId.get(id)
  if (mailbox === undefined || saved === undefined) {
    addItems(state, message, [{ id, mailbox: address, folder: 'drafts' }])
    return
  }
  const changed = { ...saved, message }
  // Drafts are recent, so the search from the end is short.
  mailbox.items[mailbox.items.lastIndexOf(saved)] = changed
  mailbox.byId.set(id, changed)
}

function removeItem(state: State, address: string, id: string): MailboxItem | undefined {
  const mailbox = state.mailboxes.get(address)
  const item = mailbox?.byId.get(id)
  if (mailbox === undefined || item === undefined) return undefined
  mailbox.items.splice(mailbox.items.lastIndexOf(item), 1)
  mailbox.byId.delete(id)
  return item
}
