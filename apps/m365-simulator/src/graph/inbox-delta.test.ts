import { expect, it } from 'vitest'
import { answerOf, mail, simulate, type Simulated } from '../test-support/simulated.ts'

const DELTA = '/me/mailFolders/inbox/messages/delta'
const to = (...addresses: string[]) => addresses.map((address) => ({ emailAddress: { address } }))

async function begin(): Promise<{ simulated: Simulated; token: string }> {
  const simulated = await simulate()
  return { simulated, token: (await simulated.signIn('ada')).access_token }
}

it('accepts mail to nobody, and reports it later as Exchange does', async () => {
  const { simulated, token } = await begin()
  const bad = to('nobody@contoso.com', 'max@contoso.com', 'noone@contoso.com')
  expect((await simulated.sendMail(token, mail({ subject: 'Q3', toRecipients: bad }))).status).toBe(202)
  const { json } = await answerOf(
    await simulated.graph(token, 'GET', `${DELTA}?$select=id,sender,subject,toRecipients`),
  )
  const value = json['value'] as { id: string }[]
  const address = 'MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@contoso.onmicrosoft.com'
  expect(value).toMatchObject([
    {
      subject: 'Undeliverable: Q3',
      sender: { emailAddress: { address } },
      toRecipients: to('nobody@contoso.com', 'noone@contoso.com'),
    },
  ])
  const source = await answerOf(await simulated.graph(token, 'GET', `/me/messages/${value[0]?.id}/$value`))
  expect(source.text).toContain('Final-Recipient: rfc822;noone@contoso.com\r\nAction: failed\r\nStatus: 5.1.10')
})

it.each([
  ["$filter=subject eq 'x'", 400],
  ['$search="x"', 400],
  ['$filter=receivedDateTime ge 2026-11-20T00:00:00Z', 200],
  ['$deltatoken=unknown', 410],
])('answers %s with %i', async (query, status) => {
  const { simulated, token } = await begin()
  expect((await simulated.graph(token, 'GET', `${DELTA}?${encodeURI(query)}`)).status).toBe(status)
})

it.each([
  [{ recipientsPerDay: 1 }, '5.1.90'],
  [{ externalRecipientsPerDay: 1 }, '5.7.233'],
])('accepts what is above %o, and reports that it bounced', async (limits, code) => {
  const { simulated, token } = await begin()
  await simulated.set(limits)
  await simulated.sendMail(token, mail({ toRecipients: to('a@fabrikam.com', 'b@fabrikam.com') }))
  const [report] = await simulated.messages('ada@contoso.com', 'inbox')
  expect(report?.to).toMatchObject([{ address: 'b@fabrikam.com' }])
  expect(report?.body.content).toContain(`550 ${code}`)
  expect(await simulated.messages('b@fabrikam.com', 'inbox')).toEqual([])
})
