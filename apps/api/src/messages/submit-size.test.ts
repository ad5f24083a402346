import { expect, it } from 'vitest'
import { postMultipart, writeMultipart } from '../test-support/multipart.ts'
import { useProduct } from '../test-support/use-fixture.ts'

const MESSAGES = '/api/v1/messages'
const MAIL = { to: ['max@contoso.com'], subject: 'Q3', text: 'Numbers.' }
const MB = 1_000_000

const { fixture, product, service } = useProduct({ environment: { MAILBOX_MESSAGES_PER_MINUTE: '0' }, mailbox: {} })

async function stored(): Promise<number> {
  return (await fixture.database.query('SELECT 1 FROM messages')).length
}

function multipartMail(subject: string, ...contents: Buffer[]) {
  return [
    { disposition: 'name="message"', content: JSON.stringify({ ...MAIL, subject }) },
    ...contents.map((content, index) => ({ disposition: `name="attachment"; filename="${index}"`, content })),
  ]
}

it.each([
  ['in one attachment', [3.2]],
  ['in several', [1.6, 1.6]],
])(
  'refuses more than fits one request %s while large ones are not enabled, naming size, limit and remedy',
  async (_how, sizes) => {
    const contents = sizes.map((megabytes) => Buffer.alloc(megabytes * MB))
    const attachments = contents.map((content) => ({ filename: 'a.bin', content: content.toString('base64') }))
    const before = await stored()
    const answers = [
      await service.post(MESSAGES, { ...MAIL, attachments }),
      await postMultipart(product.publicUrl, service.key, multipartMail('Large', ...contents)),
    ]

    for (const { status, json } of answers) {
      expect(status).toBe(422)
      expect(json).toMatchObject({ code: 'large-attachments-disabled', detail: expect.stringContaining('4194304') })
      expect(json.detail).toMatch(/has (at least )?3\d{6} bytes of attachments, and (at least )?4\d{6} bytes encoded/)
      expect(json.detail).toContain('Tenant Settings > Office 365 SMTP')
    }
    expect(await stored()).toBe(before)
  },
)

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
