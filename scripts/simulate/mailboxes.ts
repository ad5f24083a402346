import type { MailboxRequest } from '../chaos/history/history.ts'
import { MAX_REQUEST_BYTES } from '../../packages/contract/src/message-input.ts'
import { MESSAGE_ID_PROPERTY, type toGraphMessage } from '../../packages/m365/src/mailer/send-mail-request.ts'
import type { Plan } from './plan.ts'

// What Microsoft keeps and answers: tokens, sendMail, drafts, uploads, Sent Items. It does what docs/microsoft-365.md and
// the simulator say of Graph, and nothing goes wrong by itself.

/** An answer, and the message that Microsoft took to deliver it. */
export type Reply = Response & { readonly accepted?: Omit<Acceptance, 'at' | 'arrivedAt'> }

export type Acceptance = NonNullable<MailboxRequest['accepted']> & {
  readonly fileBytes: number
  readonly arrivedAt: number
}

type Message = ReturnType<typeof toGraphMessage>
type Item = ReturnType<typeof itemOf>

export type Mailboxes = ReturnType<typeof createMailboxes>

const UPLOAD_HOST = 'outlook.office.com'
export const TOKEN_SECONDS = 24 * 60 * 60
/** A smaller limit than Graph's, so that small files are uploaded, where drafts are allowed. */
const SHORT_REQUEST_BYTES = 60_000

export function createMailboxes(now: () => number, plan: Plan, draw: () => number) {
  const mostRequestBytes = plan.isReadable ? SHORT_REQUEST_BYTES : MAX_REQUEST_BYTES
  const copyAppearsAt = () => now() + Math.floor(draw() * plan.copyMs)
  const items = new Map<string, Item>()
  const uploads = new Map<
    string,
    { readonly draft: Item; readonly name: string; readonly size: number; position: number }
  >()
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
      if (rest === '/messages' && method === 'POST')
        return reply(201, add(mailbox, JSON.parse(body) as Message, 'drafts'))
      const folder = /^\/mailFolders\/(\w+)\/messages$/.exec(rest)?.[1]
      if (folder !== undefined) return search(mailbox, folder, url.searchParams.get('$filter') ?? '')
      const item = items.get(decodeURIComponent(id))
      if (!item || item.mailbox !== mailbox || item.appearsAt > now()) return refusal(404, 'ErrorItemNotFound')
      return ofItem(item, method, action, body)
    },
    /** The subjects of what is left as drafts. */
    drafts: () => [...items.values()].flatMap(({ folder, subject }) => (folder === 'drafts' ? [subject ?? ''] : [])),
  }

  function token(method: string): Reply {
    if (method !== 'POST') return refusal(404, 'ErrorItemNotFound')
    const claims = { roles: ['Mail.Send', 'Mail.ReadWrite'] }
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const accessToken = `${part({ alg: 'none' })}.${part(claims)}.${++made}`
    return reply(200, { token_type: 'Bearer', expires_in: TOKEN_SECONDS, access_token: accessToken })
  }

  function sendMail(mailbox: string, body: string): Reply {
    const { message, saveToSentItems } = JSON.parse(body) as { message: Message; saveToSentItems: boolean }
    const item = add(mailbox, message, 'sentitems')
    item.appearsAt = copyAppearsAt()
    if (!saveToSentItems) items.delete(item.id)
    return accepted(item)
  }

  function add(mailbox: string, message: Message, folder: Item['folder']): Item {
    const item = itemOf(`item-${++made}`, mailbox, message, folder)
    items.set(item.id, item)
    return item
  }

  function ofItem(item: Item, method: string, action: string, body: string): Reply {
    if (action === '/send') return sendDraft(item)
    if (action === '/attachments' && method === 'POST') {
      item.files.push(fileOf(JSON.parse(body) as GraphFile))
      return reply(201, { id: `attachment-${++made}` })
    }
    if (action === '/attachments') return reply(200, { value: item.files })
    if (action === '/attachments/createUploadSession') {
      const { AttachmentItem: file } = JSON.parse(body) as { AttachmentItem: { name: string; size: number } }
      const uploadUrl = `https://${UPLOAD_HOST}/upload-${++made}`
      uploads.set(uploadUrl, { draft: item, ...file, position: 0 })
      return reply(201, { uploadUrl, expirationDateTime: null, nextExpectedRanges: ['0'] })
    }
    if (method === 'DELETE') {
      if (item.isDeleted) items.delete(item.id)
      item.isDeleted = true
      return reply(204)
    }
    return reply(200, { ...item, isDraft: item.folder === 'drafts' })
  }

  function sendDraft(item: Item): Reply {
    if (item.folder !== 'drafts') return refusal(400, 'ErrorInvalidOperation')
    item.folder = 'sentitems'
    item.isDeleted = false
    item.appearsAt = copyAppearsAt()
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
        session.draft.files.push({ name: session.name, size: session.size })
        return reply(201, undefined, { location: `https://${UPLOAD_HOST}/attachment-${++made}` })
      }
    }
    return reply(200, { nextExpectedRanges: [String(session.position)] })
  }

  function search(mailbox: string, folder: string, filter: string): Reply {
    const sought = /(?:ep\/value|internetMessageId) eq '([^']*)'/.exec(filter)?.[1] ?? ''
    const found = [...items.values()].filter(
      (item) =>
        item.mailbox === mailbox &&
        item.folder === folder &&
        !item.isDeleted &&
        item.appearsAt <= now() &&
        [ourIdOf(item), item.internetMessageId].includes(sought),
    )
    return reply(200, { value: found })
  }
}

/** A message as Microsoft keeps it, and answers with it. */
function itemOf(id: string, mailbox: string, message: Message, folder: 'drafts' | 'sentitems') {
  return {
    ...message,
    id,
    mailbox,
    internetMessageId: message.internetMessageId ?? `<${id}@example.com>`,
    files: (message.attachments ?? []).map((file) => fileOf(file as GraphFile)),
    folder,
    isDeleted: false,
    /** A copy appears late. */
    appearsAt: 0,
  }
}

function ourIdOf({ singleValueExtendedProperties: properties }: Item): string | null {
  return properties?.find(({ id }) => id === MESSAGE_ID_PROPERTY)?.value ?? null
}

interface GraphFile {
  readonly name: string
  readonly contentBytes: string
}

function fileOf({ name, contentBytes }: GraphFile) {
  return { name, size: Buffer.from(contentBytes, 'base64').length }
}

function accepted(item: Item): Reply {
  const { from, subject, toRecipients, ccRecipients, bccRecipients, files } = item
  const message = subject?.match(/^m\d.*/)?.[0] ?? null // the number of a service's message
  const recipients = [toRecipients, ccRecipients, bccRecipients].flatMap((each) => each ?? []).length
  const fileBytes = files.reduce((sum, { size }) => sum + size, 0)
  const sender = from?.emailAddress?.address ?? ''
  return Object.assign(reply(202), { accepted: { from: sender, message, id: ourIdOf(item), recipients, fileBytes } })
}

export function refusal(status: number, code: string, headers?: Readonly<Record<string, string>>): Reply {
  return reply(status, { error: { code, message: `This is ${code}.` } }, headers)
}

function reply(status: number, body?: object, headers?: Readonly<Record<string, string>>): Reply {
  const marks = { 'content-type': 'application/json', 'request-id': 'r', 'x-ms-request-id': 'r' }
  return new Response(body && JSON.stringify(body), { status, headers: { ...marks, ...headers } })
}
