import { expect, it } from 'vitest'
import { writeMultipart } from '../test-support/multipart.ts'
import { useProduct } from '../test-support/use-fixture.ts'

const MESSAGES = '/api/v1/messages'
const MAIL = { to: ['max@contoso.com'], subject: 'Q3', text: 'Numbers.' }
const MB = 1_000_000

const { product, service } = useProduct({ environment: { MAILBOX_MESSAGES_PER_MINUTE: '0' }, mailbox: {} })

function multipartMail(subject: string, ...contents: Buffer[]) {
  return [
    { disposition: 'name="message"', content: JSON.stringify({ ...MAIL, subject }) },
    ...contents.map((content, index) => ({ disposition: `name="attachment"; filename="${index}"`, content })),
  ]
}

it('refuses a body that does not fit one request, and delivers one that does', async () => {
  expect((await service.post(MESSAGES, { ...MAIL, text: 'x'.repeat(4.2 * MB) })).json.code).toBe('message-too-large')

  const { id } = await service.submit({ subject: 'Long body', text: 'x'.repeat(3.9 * MB) })
  expect(await service.untilEnded(id)).toMatchObject({ status: 'sent' })
})

it('refuses a multipart body that ends too early', async () => {
  const { contentType, body } = writeMultipart(multipartMail('Cut off', Buffer.from('attachment')))
  const answer = await fetch(`${product.publicUrl}${MESSAGES}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${service.key}`, 'content-type': contentType },
    body: new Uint8Array(body.subarray(0, body.length - 20)),
  })

  expect(answer.status).toBe(400)
  expect(await answer.json()).toMatchObject({ code: 'invalid-input' })
})

it.each(['multipart/form-data', 'multipart/form-data; boundary='])('refuses a body of type %s', async (contentType) => {
  const { status, json } = await service.post(MESSAGES, '--x--', { 'content-type': contentType })

  expect(status).toBe(400)
  expect(json).toMatchObject({ code: 'invalid-input', detail: expect.stringContaining('needs a boundary') })
})
