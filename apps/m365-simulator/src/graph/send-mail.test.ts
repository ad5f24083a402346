import { beforeEach, expect, it } from 'vitest'
import { answerOf, mail, simulate, type Simulated } from '../test-support/simulated.ts'
import { beginUpload, MIB } from '../test-support/upload-fixture.ts'

const to = (...addresses: string[]) => addresses.map((address) => ({ emailAddress: { address } }))

let simulated: Simulated
let token: string
beforeEach(async () => {
  simulated = await simulate()
  token = (await simulated.signIn('ada')).access_token
})

it('reads of MIME its encoded subject and its own headers', async () => {
  const lines = ['From: ada@contoso.com', 'To: max@contoso.com', 'Subject: =?utf-8?B?RsO8ciBRMw==?=', 'X-Report: 42']
  const source = Buffer.from(`${lines.join('\r\n')}\r\n\r\nText`).toString('base64')
  const answer = await simulated.graph(token, 'POST', '/me/sendMail', source, { 'content-type': 'text/plain' })
  expect(answer.status).toBe(202)
  expect(await simulated.messages('max@contoso.com')).toMatchObject([
    { subject: 'Für Q3', headers: [{ name: 'X-Report', value: '42' }] },
  ])
})

it('shows the headers of a draft when they are selected, and not those of a sent message', async () => {
  const { message } = mail({ internetMessageHeaders: [{ name: 'x-report-id', value: '42' }] })
  const immutable = { prefer: 'IdType="ImmutableId"' }
  const { json } = await answerOf(await simulated.graph(token, 'POST', '/me/messages', message, immutable))
  const path = `/me/messages/${String(json['id'])}`
  const read = async () =>
    (
      await answerOf(
        await simulated.graph(token, 'GET', `${path}?$select=internetMessageHeaders`, undefined, immutable),
      )
    ).json
  expect(await read()).toMatchObject({ internetMessageHeaders: [{ name: 'x-report-id', value: '42' }] })
  await simulated.graph(token, 'POST', `${path}/send`, undefined, immutable)
  expect(await read()).not.toHaveProperty('internetMessageHeaders')
})

it.each([
  [{ recipientsPerDay: 1 }, '5.1.90'],
  [{ externalRecipientsPerDay: 1 }, '5.7.233'],
])('accepts what is above %o, and reports that it bounced', async (limits, code) => {
  await simulated.set(limits)
  await simulated.sendMail(token, mail({ toRecipients: to('a@fabrikam.com', 'b@fabrikam.com') }))
  const [report] = await simulated.messages('ada@contoso.com', 'inbox')
  expect(report?.to).toMatchObject([{ address: 'b@fabrikam.com' }])
  expect(report?.body.content).toContain(`550 ${code}`)
  expect(await simulated.messages('b@fabrikam.com', 'inbox')).toEqual([])
})

it.each([400, 413])('refuses an upload session below 3 MiB, with %s when that is set', async (status) => {
  const upload = await beginUpload()
  await upload.simulated.set({ attachmentTooSmallStatus: status })
  const code = 'ErrorAttachmentSizeShouldNotBeLessThanMinimumSize'
  expect(await upload.ask({ size: 3 * MIB - 1 })).toMatchObject({ status, code })
})

it('takes four requests to a mailbox at once: a fifth is 429 with Retry-After, and counted', async () => {
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
