import { MESSAGE_ID_PROPERTY } from '../../packages/m365/src/mailer/send-mail-request.ts'

// What Microsoft keeps and answers: tokens, sendMail, drafts, uploads, Sent Items. It does what docs/microsoft-365.md and
// the simulator say of Graph, and nothing goes wrong by itself.

export interface Reply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: object
  /** Microsoft took a message to deliver it. */
  readonly accepted?: Acceptance
}

export interface Asked {
  readonly method: string
  readonly url: URL
  readonly body: string
}

export interface Acceptance {
  readonly mailbox: string
  readonly from: string
  readonly subject: string
  /** The product's id of it. */
  readonly id: string | null
  readonly recipients: number
  readonly files: number
  readonly fileBytes: number
}

interface Item {
  readonly id: string
  readonly mailbox: string
  readonly from: string
  readonly subject: string
  readonly to: readonly GraphRecipient[]
  readonly recipients: number
  readonly ourId: string | null
  readonly internetMessageId: string
  readonly attachments: { readonly name: string; readonly size: number }[]
  folder: 'drafts' | 'sentitems'
  isDeleted: boolean
  /** A copy appears late. */
  appearsAt: number
}

interface GraphRecipient {
  readonly emailAddress: { readonly address: string }
}

interface GraphMessage {
  readonly from: GraphRecipient
  readonly subject: string
  readonly toRecipients?: readonly GraphRecipient[]
  readonly ccRecipients?: readonly GraphRecipient[]
  readonly bccRecipients?: readonly GraphRecipient[]
  readonly internetMessageId?: string
  readonly singleValueExtendedProperties?: readonly { readonly id: string; readonly value: string }[]
  readonly attachments?: readonly { readonly name: string; readonly contentBytes: string }[]
}

interface Upload {
  readonly draft: Item
  readonly name: string
  readonly size: number
  position: number
}

export interface Mailboxes {
  /** Carries a request out. */
  answer(asked: Asked): Reply
  /** Drafts that are left in a mailbox, by their subjects. */
  drafts(): readonly string[]
}

const UPLOAD_HOST = 'outlook.office.com'
const TOKEN_SECONDS = 24 * 60 * 60
const NOT_FOUND: Reply = refusal(404, 'ErrorItemNotFound')

export function createMailboxes({
  now,
  mostRequestBytes,
  copyAppearsInMs,
}: {
  now: () => number
  mostRequestBytes: number
  /** How late the copy of the next message appears. */
  copyAppearsInMs: () => number
}): Mailboxes {
  const items = new Map<string, Item>()
  const uploads = new Map<string, Upload>()
  let made = 0

  return {
    answer({ method, url, body }) {
      if (url.pathname.endsWith('/oauth2/v2.0/token')) return token(method)
      if (url.host === UPLOAD_HOST) return upload(method, url, body)
      if (body.length > mostRequestBytes) return refusal(413, 'RequestEntityTooLarge')
      const [, address = '', rest = ''] = /^\/v1\.0\/users\/([^/]+)(\/.*)$/.exec(url.pathname) ?? []
      const mailbox = decodeURIComponent(address)
      const [, id = '', action = ''] = /^\/messages\/([^/]+)(\/.*)?$/.exec(rest) ?? []
      if (rest === '/sendMail') return sendMail(mailbox, body)
      if (rest === '/messages' && method === 'POST') return createDraft(mailbox, JSON.parse(body) as GraphMessage)
      const folder = /^\/mailFolders\/(\w+)\/messages$/.exec(rest)?.[1]
      if (folder !== undefined) return search(mailbox, folder, url.searchParams.get('$filter') ?? '')
      const item = items.get(decodeURIComponent(id))
      if (!item || item.mailbox !== mailbox || item.appearsAt > now()) return NOT_FOUND
      return ofItem(item, method, action, body)
    },
    drafts: () => [...items.values()].filter(({ folder }) => folder === 'drafts').map(({ subject }) => subject),
  }

  function token(method: string): Reply {
    if (method !== 'POST') return NOT_FOUND
    const claims = { roles: ['Mail.Send', 'Mail.ReadWrite'] }
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const accessToken = `${part({ alg: 'none' })}.${part(claims)}.${++made}`
    return ok({
      token_type: 'Bearer',
      expires_in: TOKEN_SECONDS,
      ext_expires_in: TOKEN_SECONDS,
      access_token: accessToken,
    })
  }

  function sendMail(mailbox: string, body: string): Reply {
    const { message, saveToSentItems } = JSON.parse(body) as { message: GraphMessage; saveToSentItems: boolean }
    const item = add(mailbox, message, 'sentitems')
    item.appearsAt = now() + copyAppearsInMs()
    if (!saveToSentItems) items.delete(item.id)
    return accepted(item)
  }

  function createDraft(mailbox: string, message: GraphMessage): Reply {
    const { id, internetMessageId, from } = add(mailbox, message, 'drafts')
    return { status: 201, body: { id, internetMessageId, from: { emailAddress: { address: from } } } }
  }

  function add(mailbox: string, message: GraphMessage, folder: Item['folder']): Item {
    const id = `item-${++made}`
    const { from, subject, toRecipients = [], ccRecipients = [], bccRecipients = [], attachments = [] } = message
    const own = message.singleValueExtendedProperties?.find((property) => property.id === MESSAGE_ID_PROPERTY)
    const item: Item = {
      id,
      mailbox,
      from: from.emailAddress.address,
      subject,
      to: toRecipients,
      recipients: toRecipients.length + ccRecipients.length + bccRecipients.length,
      ourId: own?.value ?? null,
      internetMessageId: message.internetMessageId ?? `<${id}@example.com>`,
      attachments: attachments.map(({ name, contentBytes }) => ({
        name,
        size: Buffer.from(contentBytes, 'base64').length,
      })),
      folder,
      isDeleted: false,
      appearsAt: 0,
    }
    items.set(id, item)
    return item
  }

  function accepted({ mailbox, from, subject, ourId: id, recipients, attachments }: Item): Reply {
    const fileBytes = attachments.reduce((sum, { size }) => sum + size, 0)
    return { status: 202, accepted: { mailbox, from, subject, id, recipients, files: attachments.length, fileBytes } }
  }

  function ofItem(item: Item, method: string, action: string, body: string): Reply {
    if (action === '/send') return sendDraft(item)
    if (action === '/attachments' && method === 'POST') {
      const { name, contentBytes } = JSON.parse(body) as { name: string; contentBytes: string }
      item.attachments.push({ name, size: Buffer.from(contentBytes, 'base64').length })
      return { status: 201, body: { id: `attachment-${++made}` } }
    }
    if (action === '/attachments') return ok({ value: item.attachments })
    if (action === '/attachments/createUploadSession') {
      const { AttachmentItem: file } = JSON.parse(body) as { AttachmentItem: { name: string; size: number } }
      const uploadUrl = `https://${UPLOAD_HOST}/upload-${++made}`
      uploads.set(uploadUrl, { draft: item, ...file, position: 0 })
      return { status: 201, body: { uploadUrl, expirationDateTime: null, nextExpectedRanges: ['0'] } }
    }
    if (method === 'DELETE') {
      if (item.isDeleted) items.delete(item.id)
      item.isDeleted = true
      return { status: 204 }
    }
    return ok({ id: item.id, isDraft: item.folder === 'drafts' })
  }

  function sendDraft(item: Item): Reply {
    if (item.folder !== 'drafts') return refusal(400, 'ErrorInvalidOperation')
    item.folder = 'sentitems'
    item.isDeleted = false
    item.appearsAt = now() + copyAppearsInMs()
    return accepted(item)
  }

  function upload(method: string, url: URL, body: string): Reply {
    const session = uploads.get(url.href)
    if (!session || !items.has(session.draft.id)) return refusal(404, 'ErrorItemNotFound')
    if (method === 'PUT') {
      const [start = '', end = ''] = body.split('-')
      if (Number(start) !== session.position) return refusal(416, 'InvalidRange')
      session.position = Number(end) + 1
      if (session.position >= session.size) {
        uploads.delete(url.href)
        session.draft.attachments.push({ name: session.name, size: session.size })
        return { status: 201, headers: { location: `https://${UPLOAD_HOST}/attachment-${++made}` } }
      }
    }
    return ok({ nextExpectedRanges: [String(session.position)] })
  }

  function search(mailbox: string, folder: string, filter: string): Reply {
    const sought = /(?:ep\/value|internetMessageId) eq '([^']*)'/.exec(filter)?.[1]
    const found = [...items.values()].filter(
      (item) =>
        item.mailbox === mailbox &&
        item.folder === folder &&
        !item.isDeleted &&
        item.appearsAt <= now() &&
        (item.ourId === sought || item.internetMessageId === sought),
    )
    const value = found.map(({ id, from, subject, to, ourId }) => ({
      id,
      from: { emailAddress: { address: from } },
      subject,
      toRecipients: to,
      singleValueExtendedProperties: [{ id: MESSAGE_ID_PROPERTY, value: ourId }],
    }))
    return ok({ value })
  }
}

function ok(body: object): Reply {
  return { status: 200, body }
}

export function refusal(status: number, code: string, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, headers, body: { error: { code, message: `This is ${code}.` } } }
}
