import { beforeEach, describe, expect, it } from 'vitest'
import {
  ALL_SCOPES,
  type Answer,
  answerOf,
  mail,
  type PersonName,
  type Simulated,
  simulate,
} from '../test-support/simulated.ts'

const IMMUTABLE = { prefer: 'IdType="ImmutableId"' }
const recipient = (address: string) => ({ emailAddress: { address } })
const draftBody = (change: Record<string, unknown> = {}) => mail(change).message

interface Draft {
  readonly id: string
  readonly changeKey: string
  readonly internetMessageId: string
  readonly [name: string]: unknown
}

let simulated: Simulated
let token: string
beforeEach(async () => {
  simulated = await simulate()
  await signIn('ada')
})

async function call(
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
): Promise<Answer & { json: Draft }> {
  return (await answerOf(await simulated.graph(token, method, path, body, headers))) as Answer & { json: Draft }
}

/** Makes all further calls with a token for these scopes. */
async function signIn(person: PersonName, scope = ALL_SCOPES): Promise<void> {
  await simulated.control('POST', `/people/${person}@contoso.com/remove-consents`)
  token = (await simulated.signIn(person, scope)).access_token
}

async function create(change: Record<string, unknown> = {}, headers: Record<string, string> = {}): Promise<Draft> {
  const { status, json } = await call('POST', '/me/messages', draftBody(change), headers)
  expect(status).toBe(201)
  return json
}

describe('reading a message', () => {
  it('shows a draft’s blind copies, and its headers when they are selected, but not those of a sent message', async () => {
    const { id } = await create(
      {
        bccRecipients: [recipient('grace@contoso.com')],
        internetMessageHeaders: [{ name: 'x-report-id', value: '42' }],
      },
      IMMUTABLE,
    )
    const read = async (): Promise<Draft> =>
      (await call('GET', `/me/messages/${id}?$select=bccRecipients,internetMessageHeaders`, undefined, IMMUTABLE)).json
    expect(await read()).toMatchObject({
      bccRecipients: [{ emailAddress: { address: 'grace@contoso.com' } }],
      internetMessageHeaders: [{ name: 'x-report-id', value: '42' }],
    })
    await call('POST', `/me/messages/${id}/send`, undefined, IMMUTABLE)
    expect(await read()).not.toHaveProperty('internetMessageHeaders')
  })
})
