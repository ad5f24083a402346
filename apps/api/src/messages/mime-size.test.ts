import { mimeContent } from '@inforiver-mail/m365/message-content'
import { measureMime } from '@inforiver-mail/m365/request-sizes'
import { NOTHING_KNOWN } from '@inforiver-mail/m365/size-plan'
import { expect, it } from 'vitest'
import { createAdmission } from './admission.ts'

const SENDER = 'reports@contoso.com'
const admission = createAdmission(
  {
    store: { readSizeLimits: async () => NOTHING_KNOWN },
    readSettings: async () => ({
      sender: { fromEmail: SENDER, largeAttachments: false },
      recipientsPolicy: { allowedDomains: [], redirectAllTo: null },
    }),
  },
  { tenantId: 'tenant', allowedDomains: [] },
)
const envelope = { to: [{ address: 'max@contoso.com' }], cc: [], bcc: [], replyTo: [], subject: '' } as const
const contentOf = (bodyBytes: number) => {
  const source = Buffer.from(`\r\n${'x'.repeat(bodyBytes)}`)
  return mimeContent({ ...envelope, importance: 'normal' }, { source, fromName: null, attachments: [] })
}

it('takes MIME of 2,200,000 bytes as it is handed to Microsoft, without large file attachments, and refuses one more', async () => {
  const bodyBytes = 2_200_000 - measureMime(contentOf(0), SENDER)

  await admission.requireSize(contentOf(bodyBytes))
  await expect(admission.requireSize(contentOf(bodyBytes + 1))).rejects.toMatchObject({
    code: 'message-too-large',
    message: expect.stringContaining('2200001'),
  })
})
