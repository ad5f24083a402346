import type { MailboxRequest } from '../chaos/history/history.ts'
import { MESSAGE_ID_PROPERTY, type toGraphMessage } from '../../packages/m365/src/mailer/send-mail-request.ts'

// What Microsoft keeps and answers: tokens, sendMail, drafts, uploads, Sent Items. It does what docs/microsoft-365.md and
// the simulator say of Graph, and nothing goes wrong by itself.

export interface Reply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: object
  /** Microsoft took a message to deliver it. */
  readonly accepted?: Omit<Acceptance, 'at' | 'arrivedAt'>
}

export type Acceptance = NonNullable<MailboxRequest['accepted']> & {
  readonly fileBytes: number
  readonly arrivedAt: number
}

type Message = ReturnType<typeof toGraphMessage>
type Item = ReturnType<typeof itemOf>

interface Upload {
  readonly draft: Item
  readonly name: string
  readonly size: number
  position: number
}

export type Mailboxes = ReturnType<typeof createMailboxes>

const UPLOAD_HOST = 'outlook.office.com'
export const TOKEN_SECONDS = 24 * 60 * 60
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
}) {
  const items = new Map<string, Item>()
  const uploads = new Map<string, Upload>()
  let made = 0

  return {
    /** Carries a request out. */
    answer(method: string, url: URL, body: string): Reply {
      if (url.pathname.endsWith('/oauth2/v2.0/token')) return token(method)
      if (url.host === UPLOAD_HOST) return upload(method, url, body)
      if (body.length > mostRequestBytes) return refusal(413, 'RequestEntityTooLarge')
      const [, address = '', rest = ''] = /^\/v1\.0\/users\/([^/]+)(\/.*)$/.exec(url.pathname) ?? []
      const mailbox = decodeURIComponent(address)
      const [, id = '', action = ''] = /^\/messages\/([^/]+)(\/.*)?$/.exec(rest) ?? []
      if (rest === '/sendMail') return sendMail(mailbox, body)
      if (rest === '/messages' && method === 'POST') return createDraft(mailbox, JSON.parse(body) as Message)
      const folder = /^\/mailFolders\/(\w+)\/messages$/.exec(rest)?.[1]
      if (folder !== undefined) return search(mailbox, folder, url.searchParams.get('$filter') ?? '')
      const item = items.get(decodeURIComponent(id))
      if (!item || item.mailbox !== mailbox || item.appearsAt > now()) return NOT_FOUND
      return ofItem(item, method, action, body)
    },
    /** The subjects of what is left as drafts. */
    drafts: () => [...items.values()].flatMap(({ folder, subject }) => (folder === 'drafts' ? [subject] : [])),
  }

  function token(method: string): Reply {
    if (method !== 'POST') return NOT_FOUND
    const claims = { roles: ['Mail.Send', 'Mail.ReadWrite'] }
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const accessToken = `${part({ alg: 'none' })}.${part(claims)}.${++made}`
    return ok({ token_type: 'Bearer', expires_in: TOKEN_SECONDS, access_token: accessToken })
  }

  function sendMail(mailbox: string, body: string): Reply {
    const { message, saveToSentItems } = JSON.parse(body) as { message: Message; saveToSentItems: boolean }
    const item = add(mailbox, message, 'sentitems')
    item.appearsAt = now() + copyAppearsInMs()
    if (!saveToSentItems) items.delete(item.id)
    return accepted(item)
  }

  function createDraft(mailbox: string, message: Message): Reply {
    const { id, internetMessageId, from } = add(mailbox, message, 'drafts')
    return { status: 201, body: { id, internetMessageId, from } }
  }

  function add(mailbox: string, message: Message, folder: Item['folder']): Item {
    const item = itemOf(`item-${++made}`, mailbox, message, folder)
    items.set(item.id, item)
    return item
  }

  function ofItem(item: Item, method: string, action: string, body: string): Reply {
    if (action === '/send') return sendDraft(item)
    if (action === '/attachments' && method === 'POST') {
      item.attachments.push(fileOf(JSON.parse(body) as GraphFile))
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
      from,
      subject,
      toRecipients: to,
      singleValueExtendedProperties: [{ id: MESSAGE_ID_PROPERTY, value: ourId }],
    }))
    return ok({ value })
  }
}

function itemOf(id: string, mailbox: string, message: Message, folder: 'drafts' | 'sentitems') {
  const { from, subject, toRecipients: to, ccRecipients, bccRecipients, attachments = [] } = message
  const own = message.singleValueExtendedProperties?.find((property) => property.id === MESSAGE_ID_PROPERTY)
  return {
    id,
    mailbox,
    from,
    subject: subject ?? '',
    /** The number in the subject of a service's message. */
    message: /^m\d/.test(subject ?? '') ? (subject ?? null) : null,
    to,
    recipients: [to, ccRecipients, bccRecipients].flatMap((each) => each ?? []).length,
    ourId: own?.value ?? null,
    internetMessageId: message.internetMessageId ?? `<${id}@example.com>`,
    attachments: (attachments ?? []).map((file) => fileOf(file as GraphFile)),
    folder,
    isDeleted: false,
    /** A copy appears late. */
    appearsAt: 0,
  }
}

interface GraphFile {
  readonly name: string
  readonly contentBytes: string
}

function fileOf({ name, contentBytes }: GraphFile) {
  return { name, size: Buffer.from(contentBytes, 'base64').length }
}

function accepted({ from, message, ourId: id, recipients, attachments }: Item): Reply {
  const fileBytes = attachments.reduce((sum, { size }) => sum + size, 0)
  const sender = from?.emailAddress?.address ?? ''
  return { status: 202, accepted: { from: sender, message, id, recipients, fileBytes } }
}

function ok(body: object): Reply {
  return { status: 200, body }
}

export function refusal(status: number, code: string, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, headers, body: { error: { code, message: `This is ${code}.` } } }
}
