import { request as httpRequest } from 'node:http'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startSimulator } from '../start.ts'
import {
  ALL_SCOPES,
  answerOf,
  connect,
  mail,
  type PersonName,
  REGISTRATION,
  type Simulated,
} from '../test-support/simulated.ts'

// What Graph refuses, and that a refusal changes nothing: no message, no draft, and nothing accepted.

const IMMUTABLE = { prefer: 'IdType="ImmutableId"' }
const FILE = { '@odata.type': '#microsoft.graph.fileAttachment', name: 'a.txt', contentBytes: 'YWJj' }
const session = (change: object) => ({
  AttachmentItem: { attachmentType: 'file', name: 'plan.bin', size: 3 * 1024 * 1024, ...change },
})
const to = (address: string) => ({ emailAddress: { address } })
const from = (address: string) => mail({ from: to(address) })
const draft = (change: object) => mail({ ...change }).message
const headers = (...internetMessageHeaders: object[]) => mail({ internetMessageHeaders })
const TOO_MANY_RECIPIENTS = Array.from({ length: 501 }, (_, number) => to(`p${number}@x.example`))
const TOO_MANY_HEADERS = Array.from({ length: 6 }, (_, number) => ({ name: `x-${number}`, value: '' }))
const property = { singleValueExtendedProperties: [{ id: 'x', value: 'x' }] }
const SEND = 'POST /me/sendMail'
const DRAFTS = 'POST /me/messages'
const ATTACH = 'POST /me/messages/{draft}/attachments'
const SESSION = `${ATTACH}/createUploadSession`
const READ = 'GET /me/messages/{draft}'
const SEARCH = 'GET /me/mailFolders/sentitems/messages'
const DELTA = 'GET /me/mailFolders/inbox/messages/delta'
const DELETE = 'DELETE /me/messages/{draft}'
const SEND_DRAFT = 'POST /me/messages/{draft}/send'
const AS_MIME = { headers: { 'content-type': 'text/plain' } }
const AS_FORM = { headers: { 'content-type': 'application/x-www-form-urlencoded' } }
const BY_MAX: Caller = { person: 'max' }
const APPLICATION = { person: null }

/** A message in MIME to Max, in base64. */
function mime(fields: Record<string, string | null>): string {
  const all = { From: '"Ada" <ada@contoso.com>', To: 'max@contoso.com', ...fields }
  const lines = Object.entries(all).flatMap(([name, value]) => (value === null ? [] : `${name}: ${value}\r\n`))
  return Buffer.from(`${lines.join('')}\r\nText`).toString('base64')
}

interface Caller {
  /** null: the application itself. */
  readonly person?: PersonName | null
  readonly scope?: string
  readonly headers?: Record<string, string>
}
type Row = [status: number, code: string, call: string, what: string, body?: unknown, by?: Caller]

const ROWS: readonly Row[] = [
  [403, 'ErrorSendAsDenied', SEND, 'from a shared mailbox without a right', from('reports@contoso.com'), BY_MAX],
  [403, 'ErrorSendAsDenied', SEND, 'from a group without a right', from('board@contoso.com'), { person: 'bob' }],
  [403, 'ErrorSendAsDenied', SEND, 'from an address outside', from('ceo@customer.example')],
  [404, 'ErrorNonExistentMailbox', SEND, 'from an address that nobody has', from('nobody@contoso.com')],
  [404, 'MailboxNotEnabledForRESTAPI', SEND, 'by a person without a mailbox', mail(), { person: 'nora' }],
  [403, 'ErrorAccessDenied', SEND, 'without Mail.Send', mail(), { scope: 'Mail.ReadWrite' }],
  [403, 'ErrorAccessDenied', SEND, 'from another without .Shared', from('reports@contoso.com'), { scope: 'Mail.Send' }],
  [403, 'ErrorAccessDenied', 'POST /users/reports@contoso.com/sendMail', 'in a mailbox of somebody else', mail()],
  [404, 'ErrorNonExistentMailbox', 'POST /users/nobody@contoso.com/sendMail', 'in nobody’s mailbox', mail()],
  [400, 'RequestBodyRead', SEND, 'an unknown property', mail({ subjekt: 'x' })],
  [400, 'RequestBodyRead', SEND, 'a property in another case', mail({ Subject: 'x' })],
  [400, 'RequestBodyRead', SEND, 'a sender, which Graph fills in', mail({ sender: to('max@contoso.com') })],
  [400, 'RequestBodyRead', SEND, 'an unknown parameter', { ...mail(), saveToSent: true }],
  [400, 'RequestBodyRead', SEND, 'null in a collection', mail({ ccRecipients: [null] })],
  [400, 'RequestBodyRead', SEND, 'an unknown type of body', mail({ body: { contentType: 'markdown' } })],
  [400, 'ErrorInvalidParameter', SEND, 'no message', {}],
  [400, 'BadRequest', SEND, 'a JSON array', []],
  [400, 'BadRequest', SEND, 'over 4 MB', mail({ body: { contentType: 'text', content: 'x'.repeat(4 * 1024 * 1024) } })],
  [400, 'ErrorInvalidRecipients', SEND, 'no recipients', mail({ toRecipients: [] })],
  [400, 'ErrorInvalidRecipients', SEND, 'a recipient that is no address', mail({ toRecipients: [to('max')] })],
  [400, 'ErrorExceededMaxRecipientLimit', SEND, '501 recipients', mail({ toRecipients: TOO_MANY_RECIPIENTS })],
  [400, 'InvalidInternetMessageHeaderCollection', SEND, 'an empty list of headers', headers()],
  [400, 'InvalidInternetMessageHeaderCollection', SEND, 'six headers', headers(...TOO_MANY_HEADERS)],
  [400, 'InvalidInternetMessageHeader', SEND, 'a header without x-', headers({ name: 'List-Unsubscribe', value: 'x' })],
  [400, 'InvalidInternetMessageHeader', SEND, 'a header of two lines', headers({ name: 'x-a', value: 'a\r\nBcc: b' })],
  [400, 'ErrorInvalidExtendedProperty', SEND, 'an extended property without type', mail(property)],
  [415, 'UnsupportedMediaType', SEND, 'a form', mail(), AS_FORM],

  [401, 'InvalidAuthenticationToken', 'GET /me', 'without a token', undefined, { headers: { authorization: '' } }],
  [404, 'ErrorNonExistentMailbox', 'POST /users/board@contoso.com/sendMail', 'as a group', mail(), APPLICATION],
  [400, 'BadRequest', 'GET /me', 'by the application', undefined, APPLICATION],
  [400, 'BadRequest', SEND, 'by the application', mail(), APPLICATION],

  [400, 'ErrorMimeContentInvalidBase64String', SEND, 'MIME that is no base64', 'From: ada@contoso.com', AS_MIME],
  [400, 'ErrorMimeContentInvalid', SEND, 'MIME with bare line feeds', mime({ 'X-A': 'a\n b' }), AS_MIME],
  [400, 'ErrorInvalidRecipients', SEND, 'MIME to nobody', mime({ To: null }), AS_MIME],
  [403, 'ErrorSendAsDenied', SEND, 'MIME without From', mime({ From: null }), AS_MIME],
  [403, 'ErrorSendAsDenied', SEND, 'MIME from a name with an @', mime({ From: 'a@b <ada@contoso.com>' }), AS_MIME],
  [403, 'ErrorSendAsDenied', SEND, 'MIME from another person', mime({ From: 'max@contoso.com' }), AS_MIME],

  [403, 'ErrorAccessDenied', DRAFTS, 'without Mail.ReadWrite', draft({}), { scope: 'Mail.Send Mail.Read' }],
  [403, 'ErrorAccessDenied', READ, 'without Mail.Read', undefined, { scope: 'Mail.Send' }],
  [404, 'ErrorItemNotFound', READ, 'of another mailbox', undefined, { person: 'max' }],
  [400, 'ErrorInvalidIdMalformed', READ, 'by an id of another kind', undefined, { headers: IMMUTABLE }],
  [404, 'ErrorItemNotFound', 'GET /me/messages/AAMkADDabc=', 'by an unknown id'],
  [400, 'BadRequest', `${READ}?$select=subjekt`, 'an unknown property'],
  [400, 'BadRequest', `${READ}?$select=id&$select=subject`, 'an option given twice'],
  [400, 'BadRequest', `${READ}?$expand=attachments`, 'an expansion that is not supported'],
  [403, 'ErrorAccessDenied', DELETE, 'without Mail.ReadWrite', undefined, { scope: 'Mail.Read' }],
  [403, 'ErrorAccessDenied', ATTACH, 'without Mail.ReadWrite', FILE, { scope: 'Mail.Read' }],
  [400, 'RequestBodyRead', ATTACH, 'without a type', { name: 'a.txt', contentBytes: 'YWJj' }],
  [400, 'RequestBodyRead', ATTACH, 'that is no base64', { ...FILE, contentBytes: 'a-b_' }],
  [400, 'RequestBodyRead', ATTACH, 'an item', { '@odata.type': '#microsoft.graph.itemAttachment', name: 'x' }],
  [400, 'BadRequest', 'GET /me/messages/{draft}/attachments?$select=contentBytes', 'contents selected'],
  [400, 'RequestBodyRead', SESSION, 'without a name', session({ name: null })],
  [400, 'RequestBodyRead', SESSION, 'of an item', session({ attachmentType: 'item' })],
  [400, 'ErrorInvalidParameter', SESSION, 'without an item', {}],
  [400, 'ErrorMessageSizeExceeded', SESSION, 'above 150 MiB', session({ size: 150 * 1024 * 1024 + 1 })],
  [400, 'BadRequest', SEND_DRAFT, 'with a body', {}],
  [403, 'ErrorAccessDenied', SEND_DRAFT, 'without Mail.Send', undefined, { scope: 'Mail.ReadWrite' }],
  [400, 'BadRequest', `${SEARCH}?$filter=subject eq 'x'`, 'by another filter'],
  [400, 'BadRequest', `${SEARCH}?$top=1001`, 'more than 1000'],
  [400, 'BadRequest', `${SEARCH}?$skip=1`, 'skipping some'],
  [400, 'ErrorInvalidUrlQuery', `${DELTA}?$filter=subject eq 'x'`, 'changes by another filter'],
  [400, 'ErrorInvalidUrlQuery', `${DELTA}?$search="x"`, 'changes by a search'],
  [404, 'ErrorFolderNotFound', 'GET /me/mailFolders/nowhere/messages', 'in an unknown folder'],
]

let simulated: Simulated
let draftId: string

beforeAll(async () => {
  simulated = connect(await startSimulator({ port: 0, registration: REGISTRATION }))
  const created = await simulated.graph(await tokenOf({}), 'POST', '/me/messages', draft({}))
  draftId = ((await created.json()) as { id: string }).id
})
afterAll(() => simulated.close())

async function tokenOf({ person = 'ada', scope = ALL_SCOPES }: Caller): Promise<string> {
  if (person === null) {
    const issued = await simulated.control('POST', '/application/tokens', { permissions: ['Mail.Send'] })
    return ((await issued.json()) as { accessToken: string }).accessToken
  }
  await simulated.control('POST', `/people/${person}@contoso.com/remove-consents`)
  return (await simulated.signIn(person, scope)).access_token
}

async function state(): Promise<unknown> {
  const mailboxes = ['ada', 'max', 'bob', 'reports'].map((name) => simulated.messages(`${name}@contoso.com`))
  return [await Promise.all(mailboxes), await simulated.read('/uploads'), await simulated.read('/arrivals')]
}

it.each([...ROWS])('answers %i %s to %s: %s', async (status, code, call, _what, body, by = {}) => {
  const before = await state()
  const [method = '', path = ''] = call.replace('{draft}', draftId).split(/ (.*)/)
  const answer = await simulated.graph(await tokenOf(by), method, path, body, by.headers)
  expect(await answerOf(answer)).toMatchObject({ status, code })
  expect(await state()).toEqual(before)
})

it.each([SEND, SEND_DRAFT])('answers 411 to %s without Content-Length', async (call) => {
  const before = await state()
  const authorization = `Bearer ${await tokenOf({})}`
  const url = `${simulated.url}/v1.0${call.replace('POST ', '').replace('{draft}', draftId)}`
  const status = await new Promise((resolve, reject) => {
    const options = { method: 'POST', headers: { authorization, 'transfer-encoding': 'chunked' } }
    const chunked = httpRequest(url, options, (response) => resolve(response.resume().statusCode))
    chunked.on('error', reject).end()
  })
  expect(status).toBe(411)
  expect(await state()).toEqual(before)
})
