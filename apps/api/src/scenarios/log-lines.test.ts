import { expect, it } from 'vitest'
import { graphAnswers } from '../test-support/delivery-fixture.ts'
import { postMultipart } from '../test-support/multipart.ts'
import { MINUTES } from '../test-support/test-clock.ts'
import { useDeliveryFixture } from '../test-support/use-fixture.ts'

interface Line {
  readonly level: string
  readonly reqId?: string
  readonly message?: string
  readonly msg: string
}

const fixture = useDeliveryFixture()

function linesOf(id: string): Line[] {
  return fixture.product.logLines.map((line) => JSON.parse(line) as Line).filter(({ message }) => message === id)
}

it('logs a message by its id, with the request that submitted it and with its outcome', async () => {
  const { id } = await fixture.service.submit()
  await fixture.service.until(id, { status: 'sent' })
  await expect.poll(() => linesOf(id)).toHaveLength(2)

  const [accepted, sent] = linesOf(id).toSorted((one, other) => one.msg.localeCompare(other.msg)) // either may be first
  expect(accepted).toMatchObject({ level: 'info', reqId: expect.stringMatching(/^[0-9a-f-]{36}$/), service: 'reports' })
  expect([accepted?.msg, sent?.msg]).toEqual(['message accepted', 'message sent'])
  expect(sent).toMatchObject({ level: 'info' })
})

it('logs nothing of a message but its id, no address and no key', async () => {
  await fixture.calm()
  const mail = {
    to: [{ address: 'secret-to@contoso.com', name: 'secret name' }],
    bcc: ['secret-bcc@elsewhere.example'],
    subject: 'secret subject',
    html: 'secret html',
    headers: { 'x-secret': 'secret header' },
    attachments: [{ filename: 'secret-file', content: Buffer.from('secret content').toString('base64') }],
    reference: 'secret reference',
  }
  const part = { disposition: 'name="attachment"; filename="secret-part"', content: 'secret part' }
  const message = { disposition: 'name="message"', content: JSON.stringify(mail) }
  const { publicUrl } = fixture.product
  const url = '/api/v1/messages'
  // Successes, refusals and failures of every kind.
  for (const scenario of ['send-504', 'send-503', 'send-502-html', graphAnswers(400, 'ErrorInvalidRecipients')]) {
    await fixture.switchOn(scenario)
    const { id } = await fixture.service.submit(mail, { 'idempotency-key': 'secret-key' })
    await fixture.service.until(id, { attempts: [{}] })
    await fixture.database.empty('idempotency_records')
  }
  await fixture.pass(1 * MINUTES)
  expect((await postMultipart(publicUrl, fixture.service.key, [message, part])).status).toBe(202)
  expect((await postMultipart(publicUrl, fixture.service.key, [part])).status).toBe(400)
  expect((await fixture.service.post(url, { ...mail, from: 'secret-from@contoso.com' })).status).toBe(422)
  expect((await fixture.service.post(url, { ...mail, to: ['secret'] })).status).toBe(400)
  expect((await fixture.service.post(url, '{"subject": "secret')).status).toBe(400)
  expect((await fetch(`${publicUrl}${url}`, { headers: { authorization: 'Bearer imk_secret' } })).status).toBe(401)
  await fixture.calm()

  const log = fixture.product.logLines.join('')
  expect(log).not.toContain('secret')
  expect(log).not.toContain(fixture.service.key)
  expect(log).not.toMatch(/[\w-]@[\w-]/)
  expect(log).not.toMatch(/eyJ[\w-]{20}/)
})
