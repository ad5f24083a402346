import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import type { StoredMessage } from './message.ts'
import { openStore, type Store } from './store.ts'
import { mail, REGISTRATION, simulate } from '../test-support/simulated.ts'

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

const everything: Parameters<Store['commit']>[0][] = [
  { type: 'user-consented', oid: 'ada', scopes: ['Mail.Send'] },
  { type: 'message-accepted', message, copies: [{ id: 'm1', mailbox: 'max@contoso.com', folder: 'inbox' }] },
  { type: 'draft-saved', mailbox: 'max@contoso.com', id: 'd1', message: { ...message, isDraft: true } },
  { type: 'message-deleted', mailbox: 'max@contoso.com', id: 'd1' },
]

describe('a committed event', () => {
  it('survives a crash that left half a line behind', () => {
    const first = open()
    for (const event of everything) first.commit(event)
    appendFileSync(journal(), '{"type":"user-consented","oid":"ad')
    const second = open()
    expect(second.state).toEqual(first.state)
    second.commit({ type: 'tenant-consented', scopes: ['Mail.Read'] })
    expect(open().state.tenantConsents).toContain('Mail.Read')
  })
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
})
