import type { JWK } from 'jose'
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
  readonly disabledAccounts: Set<string>
  /** Rights that differ from the directory's, by address, then by oid. */
  readonly rights: Map<string, Map<string, Rights>>
  readonly mailboxes: Map<string, Mailbox>
  lastSequence: number
}

export interface Store {
  readonly state: State
  readonly blobs: Blobs
  /** Durable when it returns. */
  commit(event: StateEvent): void
  /** Forgets everything but the signing key, which relying parties may have cached. */
  reset(): void
  close(): void
}

const DAY_MS = 24 * 60 * 60 * 1000
/** From then on a code or token is answered as if it had never been issued. */
const FORGET_CODE_AFTER_MS = DAY_MS
const FORGET_REFRESH_TOKEN_AFTER_MS = 180 * DAY_MS

/** @throws Error when the folder cannot be written or its journal is damaged. */
export async function openStore(dataDirectory: string | null, clock: () => Date): Promise<Store> {
  const state = emptyState()
  const blobs = dataDirectory === null ? memoryBlobs() : fileBlobs(dataDirectory)
  const journal: Journal<StateEvent> =
    dataDirectory === null
      ? memoryJournal
      : await openJournal<StateEvent>(dataDirectory, (event) => apply(state, event))
  // Compacting at every start keeps a demo that is restarted daily from growing for ever.
  journal.rewrite(snapshot(state, clock().getTime()))
  blobs.keepOnly(usedBlobs(state))
  // A compacted journal groups copies by message, and one of them may have moved since.
  for (const { items } of state.mailboxes.values()) items.sort((a, b) => a.sequence - b.sequence)
  return {
    state,
    blobs,
    commit(event) {
      journal.append(event)
      apply(state, event)
    },
    reset() {
      const { signingKey } = state
      clear(state)
      state.signingKey = signingKey
      journal.rewrite(snapshot(state, clock().getTime()))
      blobs.keepOnly(new Set())
    },
    close: () => journal.close(),
  }
}

/** The rights as they are now: those set at run time, else the directory's. */
export function rightsOf(state: State, index: DirectoryIndex, address: string, oid: string): Rights {
  const changed = state.rights.get(address.toLowerCase())?.get(oid)
  if (changed !== undefined) return changed
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
    disabledAccounts: new Set(),
    rights: new Map(),
    mailboxes: new Map(),
    lastSequence: 0,
  }
}

function clear(state: State): void {
  for (const value of Object.values(state)) if (value instanceof Map || value instanceof Set) value.clear()
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
  'account-enabled': ({ disabledAccounts }, { oid, enabled }) =>
    void (enabled ? disabledAccounts.delete(oid) : disabledAccounts.add(oid)),
  'sequence-reached': (state, { sequence }) => void (state.lastSequence = sequence),
  'rights-set': (state, { address, oid, rights }) =>
    void state.rights.set(address, new Map(state.rights.get(address)).set(oid, rights)),
  'message-accepted': (state, { message, copies }) => addItems(state, message, copies),
  'draft-saved': (state, { mailbox, id, message }) => saveDraft(state, mailbox, id, message),
  'draft-sent': (state, { mailbox, id, message, copies }) => {
    removeItem(state, mailbox, id)
    addItems(state, message, copies)
  },
  'message-deleted': (state, { mailbox, id }) => {
    const item = removeItem(state, mailbox, id)
    if (item === undefined || item.folder === 'deletedItems') return
    addItem(state, { ...item, folder: 'deletedItems', sequence: ++state.lastSequence })
  },
}

function apply(state: State, event: StateEvent): void {
  const handler = HANDLERS[event.type] as (state: State, event: StateEvent) => void
  handler(state, event)
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

function* snapshot(state: State, nowMs: number): Iterable<StateEvent> {
  if (state.signingKey) yield { type: 'signing-key-created', privateJwk: state.signingKey }
  for (const [oid, scopes] of state.userConsents) yield { type: 'user-consented', oid, scopes: [...scopes] }
  if (state.tenantConsents.size > 0) yield { type: 'tenant-consented', scopes: [...state.tenantConsents] }
  if (state.applicationConsents.size > 0) {
    yield { type: 'application-consented', permissions: [...state.applicationConsents] }
  }
  for (const [hash, { redeemed, ...code }] of state.codes) {
    if (code.issuedAtMs < nowMs - FORGET_CODE_AFTER_MS) continue
    yield { type: 'code-issued', hash, code }
    if (redeemed) yield { type: 'code-redeemed', hash }
  }
  for (const [hash, { lastUsedAtMs, ...token }] of state.refreshTokens) {
    if (lastUsedAtMs < nowMs - FORGET_REFRESH_TOKEN_AFTER_MS) continue
    yield { type: 'refresh-token-issued', hash, token }
    if (lastUsedAtMs !== token.issuedAtMs) yield { type: 'refresh-token-used', hash, atMs: lastUsedAtMs }
  }
  for (const [oid, atMs] of state.refreshTokensValidFromMs) yield { type: 'refresh-tokens-revoked', oid, atMs }
  for (const [oid, atMs] of state.accessTokensValidFromMs) yield { type: 'access-tokens-revoked', oid, atMs }
  for (const oid of state.disabledAccounts) yield { type: 'account-enabled', oid, enabled: false }
  for (const [address, byOid] of state.rights) {
    for (const [oid, rights] of byOid) yield { type: 'rights-set', address, oid, rights }
  }
  for (const [message, items] of messagesInOrder(state)) {
    yield {
      type: 'message-accepted',
      message,
      copies: items.map(({ message: _message, ...copy }) => copy),
    }
  }
  yield { type: 'sequence-reached', sequence: state.lastSequence }
}

function messagesInOrder(state: State): Map<StoredMessage, MailboxItem[]> {
  const items = [...state.mailboxes.values()].flatMap((mailbox) => mailbox.items)
  return Map.groupBy(
    items.sort((a, b) => a.sequence - b.sequence),
    (item) => item.message,
  )
}

function usedBlobs(state: State): Set<string> {
  const attachments = [...messagesInOrder(state).keys()].flatMap((message) => message.attachments)
  return new Set(attachments.map((attachment) => attachment.sha256))
}
