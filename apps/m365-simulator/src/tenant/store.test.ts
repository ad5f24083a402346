import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { createTraceLog } from '../simulation/trace-log.ts'
import { mail, REGISTRATION, simulate } from '../test-support/simulated.ts'
import type { StateEvent } from './events.ts'
import type { StoredMessage } from './message.ts'
import { openStore } from './store.ts'

const START = new Date('2026-11-24T10:00:00Z')

let folder: string
const journal = (): string => join(folder, 'journal.jsonl')
const open = () => openStore(folder)

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'simulator-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
})

const message: StoredMessage = {
  internetMessageId: '<1@contoso.com>',
  subject: 'Hello',
  from: { address: 'ada@contoso.com', name: 'Ada Admin' },
  sender: { address: 'ada@contoso.com', name: 'Ada Admin' },
  to: [],
  cc: [],
  bcc: [],
  replyTo: [],
  body: { contentType: 'text', content: 'x' },
  importance: 'normal',
  headers: [],
  extendedProperties: [],
  attachments: [],
  sentAt: START.toISOString(),
}

const everything: StateEvent[] = [
  { type: 'user-consented', oid: 'ada', scopes: ['Mail.Send'] },
  { type: 'user-consented', oid: 'max', scopes: ['Mail.Send'] },
  { type: 'user-consent-removed', oid: 'max' },
  { type: 'application-consented', permissions: ['Mail.Send'] },
  { type: 'tenant-consented', scopes: ['User.Read'] },
  {
    type: 'code-issued',
    hash: 'c1',
    code: { oid: 'ada', redirectUri: 'x', scopes: [], nonce: null, challenge: null, issuedAtMs: START.getTime() },
  },
  { type: 'code-redeemed', hash: 'c1' },
  {
    type: 'refresh-token-issued',
    hash: 'r1',
    token: { oid: 'ada', scopes: ['Mail.Send'], issuedAtMs: START.getTime() },
  },
  { type: 'refresh-token-used', hash: 'r1', atMs: START.getTime() + 5 },
  { type: 'refresh-tokens-revoked', oid: 'max', atMs: 7 },
  { type: 'access-tokens-revoked', oid: 'max', atMs: 8 },
  {
    type: 'rights-set',
    address: 'reports@contoso.com',
    oid: 'max',
    rights: { sendAs: true, sendOnBehalf: false, fullAccess: true },
  },
  {
    type: 'message-accepted',
    message,
    copies: [
      { id: 'm1', mailbox: 'ada@contoso.com', folder: 'sentItems' },
      { id: 'm2', mailbox: 'max@contoso.com', folder: 'inbox' },
    ],
  },
  {
    type: 'message-accepted',
    message: { ...message, subject: 'Second' },
    copies: [{ id: 'm3', mailbox: 'max@contoso.com', folder: 'inbox' }],
  },
  ...['d1', 'd2', 'd3', 'd4'].map((id): StateEvent => ({
    type: 'draft-saved',
    mailbox: 'max@contoso.com',
    id,
    message: { ...message, subject: id, isDraft: true },
  })),
  {
    type: 'draft-saved',
    mailbox: 'max@contoso.com',
    id: 'd1',
    message: { ...message, subject: 'Changed', isDraft: true },
  },
  {
    type: 'draft-sent',
    mailbox: 'max@contoso.com',
    id: 'd2',
    message: { ...message, isFromDraft: true },
    copies: [{ id: 'd2', mailbox: 'max@contoso.com', folder: 'sentItems', visibleFromMs: START.getTime() + 30_000 }],
  },
  { type: 'message-deleted', mailbox: 'max@contoso.com', id: 'd3' },
  { type: 'message-deleted', mailbox: 'max@contoso.com', id: 'm2' },
  { type: 'message-deleted', mailbox: 'max@contoso.com', id: 'd4' },
  { type: 'message-deleted', mailbox: 'max@contoso.com', id: 'd4' },
]

describe('a committed event', () => {
  it('survives a restart, and one more', () => {
    const first = open()
    for (const event of everything) first.commit(event)
    expect(open().state).toEqual(first.state)
    expect(open().state).toEqual(first.state)
  })

  it('keeps the rows of the message trace in the order of receipt', () => {
    const row = (recipientAddress: string, receivedMs: number) => ({
      id: 'a',
      senderAddress: 'ada@contoso.com',
      recipientAddress,
      messageId: '<1@contoso.com>',
      receivedMs,
      subject: 'Hello',
      size: 1,
      outcome: { status: 'delivered', code: null, text: null, members: [] },
      isMember: false,
      visibleMs: receivedMs,
      settledMs: receivedMs,
    })
    const now = () => START
    createTraceLog(open(), now).add([row('max@contoso.com', 2), row('bob@contoso.com', 1)])
    const addresses = createTraceLog(open(), now)
      .visible()
      .map(({ recipientAddress }) => recipientAddress)
    expect(addresses).toEqual(['max@contoso.com', 'bob@contoso.com'])
  })

  it('survives a crash that left half a line behind', () => {
    const first = open()
    for (const event of everything) first.commit(event)
    appendFileSync(journal(), '{"type":"user-consented","oid":"ad')
    const second = open()
    expect(second.state).toEqual(first.state)
    second.commit({ type: 'tenant-consented', scopes: ['Mail.Read'] })
    expect(open().state.tenantConsents).toContain('Mail.Read')
  })

  it('is not silently lost when a line in the middle is damaged', () => {
    writeFileSync(journal(), '{"type":"tenant-cons\n{"type":"tenant-consented","scopes":["User.Read"]}\n')
    expect(() => open()).toThrow(/journal\.jsonl is damaged in line 1/)
  })
})

it('a journal of an earlier version is read: compacted, and with events that are no longer there', () => {
  const copies = [{ id: 'm1', mailbox: 'ada@contoso.com', folder: 'inbox', sequence: 7 }]
  const events = [
    { type: 'account-enabled', oid: 'max', enabled: false },
    { type: 'message-accepted', message, copies },
    { type: 'sequence-reached', sequence: 9 },
  ]
  writeFileSync(journal(), events.map((event) => `${JSON.stringify(event)}\n`).join(''))
  const { state } = open()
  expect(state.mailboxes.get('ada@contoso.com')?.items).toMatchObject([{ id: 'm1', sequence: 7 }])
  expect(state.lastSequence).toBe(9)
})

it('a start removes attachments without a reference, and keeps the others', () => {
  const first = open()
  const [kept, dropped] = [first.blobs.put(Buffer.from('kept')), first.blobs.put(Buffer.from('dropped'))]
  const details = { id: 'a', name: 'a', contentType: 'text/plain', contentId: null, isInline: false, sizeBytes: 4 }
  first.commit({
    type: 'message-accepted',
    message: { ...message, attachments: [{ ...details, sha256: kept }] },
    copies: [{ id: 'm1', mailbox: 'ada@contoso.com', folder: 'inbox' }],
  })
  const second = open()
  expect(second.blobs.get(kept)?.toString()).toBe('kept')
  expect(second.blobs.get(dropped)).toBeNull()
})

it('reset forgets all but the signing key and the numbers used, for the next start too', () => {
  const first = open()
  first.commit({ type: 'signing-key-created', privateJwk: { kty: 'RSA' } })
  for (const event of everything) first.commit(event)
  const { lastSequence } = first.state
  first.reset()
  const { state } = open()
  expect([state.signingKey, state.lastSequence]).toEqual([{ kty: 'RSA' }, lastSequence])
  expect(state.mailboxes.size + state.refreshTokens.size + state.rights.size).toBe(0)
})

describe('a simulator with a data folder', () => {
  it('honours refresh and access tokens and shows mail from before a restart', async () => {
    const before = await simulate({ dataDirectory: folder })
    const tokens = await before.signIn('ada')
    await before.sendMail(tokens.access_token, mail({ subject: 'yesterday' }))
    await before.close()

    const after = await simulate({ dataDirectory: folder })
    const refreshed = await after.refresh(tokens.refresh_token ?? '')
    expect(refreshed.status).toBe(200)
    expect((await after.sendMail(tokens.access_token, mail({ subject: 'today' }))).status).toBe(202)
    expect(await (await after.control('GET', '/mailboxes/max@contoso.com/messages')).json()).toMatchObject({
      items: [{ subject: 'yesterday' }, { subject: 'today' }],
    })
  })

  it('writes no code, token or secret to it', async () => {
    const simulated = await simulate({ dataDirectory: folder })
    const code = (await simulated.consent('ada')).get('code') ?? ''
    const tokens = (await (await simulated.redeem(code)).json()) as Record<string, string>
    const text = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
      .join('\n')
    const secrets = [
      code,
      tokens['access_token'],
      tokens['refresh_token'],
      tokens['id_token'],
      REGISTRATION.clientSecret,
    ]
    for (const secret of secrets) expect(text).not.toContain(secret)
  })

  it('does not write more for each message as mail accumulates', async () => {
    const simulated = await simulate({ dataDirectory: folder })
    const { access_token: token } = await simulated.signIn('ada')
    const growth = async (): Promise<number> => {
      const before = readFileSync(journal()).length
      await simulated.sendMail(token, mail())
      return readFileSync(journal()).length - before
    }
    const first = await growth()
    for (let sent = 0; sent < 20; sent += 1) await simulated.sendMail(token, mail())
    expect(Math.abs((await growth()) - first)).toBeLessThan(10)
  })
})
