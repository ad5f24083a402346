import { describe, expect, it } from 'vitest'
import { createMicrosoftFetch } from '../microsoft-fetch.ts'
import { message } from '../test-support/mail.ts'
import { serve } from '../test-support/servers.ts'
import { createGraphMailer, type CallOptions, type GraphMailer } from './graph-mailer.ts'

const fetch = createMicrosoftFetch({ timeoutMs: 5_000 })
const file = { filename: 'q3.pdf', contentType: 'application/pdf', contentId: null }
const OWN = '/v1.0/me'
const OTHER = '/v1.0/users/o%23neil%2Breports%40contoso.com'

type Call = (mailer: GraphMailer, options: CallOptions) => Promise<unknown>

const CALLS: readonly (readonly [name: string, path: string, call: Call])[] = [
  ['send', '/sendMail', (mailer, options) => mailer.send(message, options)],
  ['createDraft', '/messages', (mailer, options) => mailer.createDraft(message, options)],
  ['sendDraft', '/messages/a%2Fb/send', (mailer, options) => mailer.sendDraft('a/b', options)],
  ['readDraft', '/messages/a%2Fb', (mailer, options) => mailer.readDraft('a/b', options)],
  ['deleteDraft', '/messages/a%2Fb', (mailer, options) => mailer.deleteDraft('a/b', options)],
  ['deleteForGood', '/messages/a%2Fb', (mailer, options) => mailer.deleteForGood('a/b', options)],
  [
    'findMessage',
    '/mailFolders/sentitems/messages',
    (mailer, options) => mailer.findMessage({ messageId: message.id, internetMessageId: null }, 'sentitems', options),
  ],
  [
    'attachFile',
    '/messages/a%2Fb/attachments',
    (mailer, options) => mailer.attachFile('a/b', { ...file, content: Buffer.from('Q3') }, options),
  ],
  ['countAttachments', '/messages/a%2Fb/attachments', (mailer, options) => mailer.countAttachments('a/b', options)],
  [
    'createUploadSession',
    '/messages/a%2Fb/attachments/createUploadSession',
    (mailer, options) => mailer.createUploadSession('a/b', { ...file, sizeBytes: 4_000_000 }, options),
  ],
]

describe.each(CALLS)('%s', (_name, path, call) => {
  it.each([
    ['the own mailbox when none is named', undefined, OWN],
    ['the own mailbox', 'me', OWN],
    ['another mailbox by its address', { address: 'o#neil+reports@contoso.com' }, OTHER],
  ] as const)('works in %s', async (_where, mailbox, root) => {
    const asked: (string | undefined)[] = []
    const origin = await serve(({ url }, response) => {
      asked.push(url?.split('?')[0])
      response.writeHead(404).end()
    })
    const mailer = createGraphMailer({ graphBaseUrl: origin, fetch, clock: () => new Date() })
    await call(mailer, { accessToken: 'token', ...(mailbox && { mailbox }) })
    expect(asked).toEqual([`${root}${path}`])
  })
})

describe('createGraphMailer', () => {
  it('knows no call that works in the own mailbox only, but for reading the delegate and uploading', () => {
    const mailer = createGraphMailer({ graphBaseUrl: 'http://127.0.0.1', fetch, clock: () => new Date() })
    const elsewhere = ['readDelegate', 'putRange', 'readUploadSession', 'cancelUpload']
    expect(Object.keys(mailer).toSorted()).toEqual([...CALLS.map(([name]) => name), ...elsewhere].toSorted())
  })
})
