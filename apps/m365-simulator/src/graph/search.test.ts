import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { SimulatorOptions } from '../start.ts'
import { mail, type Simulated, simulate } from '../test-support/simulated.ts'

const PROPERTY = 'String {3c7a1e5b-9d42-4f0e-8b6a-5f2d7c90e1a4} Name MessageId'
const IMMUTABLE = { prefer: 'IdType="ImmutableId"' }
const SENT_ITEMS = '/me/mailFolders/sentitems/messages'
const marked = (value: string, subject = 'Hello') =>
  mail({ subject, singleValueExtendedProperties: [{ id: PROPERTY, value }] })
const filter = (value: string, property = PROPERTY): string =>
  `singleValueExtendedProperties/Any(ep: ep/id eq '${property}' and ep/value eq '${value}')`

interface Found {
  readonly status: number
  readonly subjects: string[]
  readonly value: { id: string; [name: string]: unknown }[]
  readonly code: string | null
}

async function begin(options: Partial<SimulatorOptions> = {}): Promise<{ simulated: Simulated; token: string }> {
  const simulated = await simulate(options)
  const { access_token: token } = await simulated.signIn('ada')
  return { simulated, token }
}

async function find(
  { simulated, token }: { simulated: Simulated; token: string },
  path: string,
  query: Record<string, string> = {},
  headers: Record<string, string> = {},
): Promise<Found> {
  const text = new URLSearchParams(query).toString()
  const response = await simulated.graph(token, 'GET', text === '' ? path : `${path}?${text}`, undefined, headers)
  const json = (await response.json()) as {
    value?: Found['value']
    error?: { code: string }
  }
  return {
    status: response.status,
    subjects: (json.value ?? []).map(({ subject }) => String(subject)),
    value: json.value ?? [],
    code: json.error?.code ?? null,
  }
}

async function createDraft(
  { simulated, token }: { simulated: Simulated; token: string },
  value: string,
  subject: string,
): Promise<string> {
  const response = await simulated.graph(token, 'POST', '/me/messages', marked(value, subject).message, IMMUTABLE)
  return ((await response.json()) as { id: string }).id
}

describe('a search by extended property', () => {
  it('compares values case-insensitively, and names exactly', async () => {
    const fixture = await begin()
    await fixture.simulated.sendMail(fixture.token, marked('msg_a'))
    const count = async (value: string, property: string): Promise<number> =>
      (await find(fixture, SENT_ITEMS, { $filter: filter(value, property) })).value.length
    expect(await count('MSG_A', PROPERTY)).toBe(1)
    expect(await count('msg_a', PROPERTY.toUpperCase().replace('MESSAGEID', 'MessageId'))).toBe(1)
    expect(await count('msg_a', PROPERTY.replace('MessageId', 'messageId'))).toBe(0)
    expect(await count('msg', PROPERTY)).toBe(0)
  })

  it('finds nothing in somebody else’s mailbox', async () => {
    const fixture = await begin()
    await fixture.simulated.sendMail(fixture.token, marked('msg_1'))
    const { access_token: token } = await fixture.simulated.signIn('grace')
    expect((await find({ ...fixture, token }, '/me/messages', { $filter: filter('msg_1') })).value).toEqual([])
  })
})

describe('a late copy in Sent Items', () => {
  let nowMs = Date.parse('2026-11-24T10:00:00Z')
  const clock = (): Date => new Date(nowMs)

  it('keeps its delay across a restart', async () => {
    const dataDirectory = mkdtempSync(join(tmpdir(), 'simulator-'))
    onTestFinished(() => rmSync(dataDirectory, { recursive: true }))
    const before = await begin({ clock, dataDirectory })
    await before.simulated.control('PATCH', '/settings', { sentCopyDelayMs: 30_000 })
    const draft = await createDraft(before, 'msg_2', 'still a draft')
    await before.simulated.sendMail(before.token, mail())
    await before.simulated.close()

    const fixture = { simulated: await simulate({ clock, dataDirectory }), token: before.token }
    expect((await find(fixture, SENT_ITEMS)).value).toHaveLength(0)
    nowMs += 30_000
    expect((await find(fixture, SENT_ITEMS)).value).toHaveLength(1)
    expect(
      (await fixture.simulated.graph(fixture.token, 'GET', `/me/messages/${draft}`, undefined, IMMUTABLE)).status,
    ).toBe(200)
  })
})
