import { describe, expect, it } from 'vitest'
import type { SimulatorOptions } from '../start.ts'
import { mail, type Simulated, simulate } from '../test-support/simulated.ts'

const PROPERTY = 'String {3c7a1e5b-9d42-4f0e-8b6a-5f2d7c90e1a4} Name MessageId'
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
