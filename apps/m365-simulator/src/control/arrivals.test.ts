import { describe, expect, it } from 'vitest'
import { mail, type Simulated, simulate } from '../test-support/simulated.ts'

const PROPERTY = 'String {3c7a1e5b-9d42-4f0e-8b6a-5f2d7c90e1a4} Name MessageId'
const marked = (value: string) => mail({ singleValueExtendedProperties: [{ id: PROPERTY, value }] })
const path = `/arrivals?property=${encodeURIComponent(PROPERTY)}`

async function begin(): Promise<{ simulated: Simulated; token: string; read: (path: string) => Promise<unknown> }> {
  const simulated = await simulate()
  const { access_token: token } = await simulated.signIn('ada')
  return { simulated, token, read: async (path) => simulated.read(path) }
}

describe('arrivals', () => {
  it('count each value of a property, by sendMail and by draft', async () => {
    const { simulated, token, read } = await begin()
    await simulated.sendMail(token, mail())
    await simulated.sendMail(token, marked('msg_1'))
    await simulated.sendMail(token, marked('msg_2'))
    const created = await simulated.graph(token, 'POST', '/me/messages', marked('msg_2').message)
    const { id } = (await created.json()) as { id: string }
    await simulated.graph(token, 'POST', `/me/messages/${id}/send`)
    expect(await read(path)).toEqual({ total: 4, values: { msg_1: 1, msg_2: 2 } })
  })
})

it('the log names the messages that requests submitted, however they were answered', async () => {
  const { simulated, token, read } = await begin()
  await simulated.scenario('send-accepted-but-504')
  await simulated.sendMail(token, marked('msg_1'))
  await simulated.scenario('send-503')
  await simulated.sendMail(token, marked('msg_2'))
  const created = await simulated.graph(token, 'POST', '/me/messages', marked('msg_3').message)
  const { id } = (await created.json()) as { id: string }
  await simulated.graph(token, 'POST', `/me/messages/${id}/send`)

  const accepted = (value: string) => ({
    at: expect.any(String),
    from: 'ada@contoso.com',
    subject: expect.any(String),
    recipients: 1,
    extendedProperties: [{ id: PROPERTY, value }],
  })
  const sends = async () =>
    ((await read('/log')) as { items: { endpoint: string }[] }).items.filter(({ endpoint }) =>
      ['sendMail', 'draft-send'].includes(endpoint),
    )
  await expect.poll(sends).toMatchObject([
    { endpoint: 'sendMail', status: 504, accepted: accepted('msg_1') },
    { endpoint: 'sendMail', status: 503, accepted: null },
    { endpoint: 'draft-send', status: 202, accepted: accepted('msg_3') },
  ])
})
