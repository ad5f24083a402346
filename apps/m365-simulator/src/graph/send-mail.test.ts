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

const MB = 1024 * 1024
const recipient = (address: string) => ({ emailAddress: { address } })
const from = (address: string) => mail({ from: recipient(address) })

let simulated: Simulated
beforeEach(async () => {
  simulated = await simulate()
})

async function send(
  person: PersonName,
  body: unknown,
  { path = '/me/sendMail', scope = ALL_SCOPES } = {},
): Promise<Answer> {
  const { access_token: token } = await simulated.signIn(person, scope)
  return answerOf(await simulated.sendMail(token, body, path))
}

async function sendRaw(contentType: string, body: string): Promise<Answer> {
  const { access_token: token } = await simulated.signIn('ada')
  const headers = { authorization: `Bearer ${token}`, 'content-type': contentType }
  return answerOf(await fetch(`${simulated.url}/v1.0/me/sendMail`, { method: 'POST', headers, body }))
}

describe('a message that is accepted', () => {
  it('shows blind copies only to the sender and to their own recipients', async () => {
    await send('ada', mail({ bccRecipients: [recipient('grace@contoso.com')] }))
    const bcc = [{ address: 'grace@contoso.com' }]
    expect(await simulated.messages('max@contoso.com')).toMatchObject([{ bcc: [] }])
    expect(await simulated.messages('grace@contoso.com')).toMatchObject([{ bcc }])
    expect(await simulated.messages('ada@contoso.com')).toMatchObject([{ bcc }])
  })
})

describe('rights', () => {
  it.each<[string, PersonName, string]>([
    ['Send As: sender and from are the shared mailbox', 'ada', 'reports@contoso.com'],
    ['Send on Behalf: the sender is the person', 'bob', 'bob@contoso.com'],
  ])('%s, and the copy is in the person’s Sent Items', async (_what, person, sender) => {
    expect((await send(person, from('reports@contoso.com'))).status).toBe(202)
    const message = { from: { address: 'reports@contoso.com' }, sender: { address: sender } }
    expect(await simulated.messages('max@contoso.com')).toMatchObject([message])
    expect(await simulated.messages(`${person}@contoso.com`)).toMatchObject([{ folder: 'sentItems', ...message }])
    expect(await simulated.messages('reports@contoso.com')).toEqual([])
  })

  it('can be given and taken at run time', async () => {
    const change = { address: 'finance@contoso.com', person: 'ada@contoso.com' }
    await simulated.control('PUT', '/rights', { ...change, sendAs: true })
    expect((await send('ada', from('finance@contoso.com'))).status).toBe(202)
    await simulated.control('PUT', '/rights', { ...change, sendAs: false })
    expect((await send('ada', from('finance@contoso.com'))).code).toBe('ErrorSendAsDenied')
  })
})

describe('a message that is refused', () => {
  it.each([
    ['bad-request', 400, 'BadRequest', /json/],
    ['payload-too-large', 413, 'RequestEntityTooLarge', /json/],
    ['payload-too-large-html', 413, null, /^text\/html/],
  ])('over 4 MB is answered as set (%s)', async (requestTooLarge, status, code, type) => {
    await simulated.set({ requestTooLarge })
    const answer = await sendRaw('application/json', 'x'.repeat(4 * MB + 1))
    expect(answer).toMatchObject({ status, code })
    expect(answer.headers.get('content-type')).toMatch(type)
  })
})

describe('at most four requests at once', () => {
  it('reach a mailbox: a fifth is 429 with Retry-After, and counted', async () => {
    const { access_token: token } = await simulated.signIn('ada')
    const effect = { kind: 'http', endpoint: 'sendMail', do: { action: 'delay', delayMs: 600_000 } }
    await simulated.scenario(effect, { times: 'always' })
    const sending = Promise.all(Array.from({ length: 5 }, () => simulated.sendMail(token, mail())))
    const counters = () => simulated.read('/counters')
    await expect.poll(counters).toMatchObject({ mailboxes: { 'ada@contoso.com': { requests: 5 } } })
    await simulated.control('DELETE', '/scenarios')
    const [throttled, ...others] = (await sending).filter(({ status }) => status === 429)
    expect(others).toEqual([])
    expect(throttled?.headers.get('retry-after')).toBe('1')
    expect(await throttled?.json()).toMatchObject({ error: { code: 'ApplicationThrottled' } })
    expect(await counters()).toMatchObject({
      mailboxes: {
        'ada@contoso.com': { requests: 5, maxConcurrent: 5, accepted: 4, refusedForConcurrency: 1, inFlight: 0 },
      },
    })
  })
})
