import { expect, it } from 'vitest'
import { mail, simulate } from '../test-support/simulated.ts'

const PROPERTY = 'String {3c7a1e5b-9d42-4f0e-8b6a-5f2d7c90e1a4} Name MessageId'
const marked = (value: string) => mail({ singleValueExtendedProperties: [{ id: PROPERTY, value }] })
const path = `/arrivals?property=${encodeURIComponent(PROPERTY)}`

it('counts what was accepted by the values of a property, and names it in the log, however it was answered', async () => {
  const simulated = await simulate()
  const { access_token: token } = await simulated.signIn('ada')
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
    (await simulated.read<{ items: { endpoint: string }[] }>('/log')).items.filter(({ endpoint }) =>
      ['sendMail', 'draft-send'].includes(endpoint),
    )
  await expect.poll(sends).toMatchObject([
    { endpoint: 'sendMail', status: 504, accepted: accepted('msg_1') },
    { endpoint: 'sendMail', status: 503, accepted: null },
    { endpoint: 'draft-send', status: 202, accepted: accepted('msg_3') },
  ])
  expect(await simulated.read(path)).toEqual({ total: 2, values: { msg_1: 1, msg_3: 1 } })
})
