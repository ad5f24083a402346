import { request as httpRequest } from 'node:http'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  ALL_SCOPES,
  type Answer,
  answerOf,
  mail,
  type PersonName,
  type Simulated,
  simulate,
} from '../test-support/simulated.ts'

const IMMUTABLE = { prefer: 'IdType="ImmutableId"' }
const recipient = (address: string) => ({ emailAddress: { address } })
const draftBody = (change: Record<string, unknown> = {}) => mail(change).message

interface Draft {
  readonly id: string
  readonly changeKey: string
  readonly internetMessageId: string
  readonly [name: string]: unknown
}

let simulated: Simulated
let token: string
beforeEach(async () => {
  simulated = await simulate()
  await signIn('ada')
})

async function call(
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
): Promise<Answer & { json: Draft }> {
  return (await answerOf(await simulated.graph(token, method, path, body, headers))) as Answer & { json: Draft }
}

/** Makes all further calls with a token for these scopes. */
async function signIn(person: PersonName, scope = ALL_SCOPES): Promise<void> {
  await simulated.control('POST', `/people/${person}@contoso.com/remove-consents`)
  token = (await simulated.signIn(person, scope)).access_token
}

async function create(change: Record<string, unknown> = {}, headers: Record<string, string> = {}): Promise<Draft> {
  const { status, json } = await call('POST', '/me/messages', draftBody(change), headers)
  expect(status).toBe(201)
  return json
}

describe('a new draft', () => {
  it('is answered 201 with the message', async () => {
    const { status, json } = await call('POST', '/me/messages', draftBody())
    expect(status).toBe(201)
    expect(json).toMatchObject({
      '@odata.etag': `W/"${json.changeKey}"`,
      id: expect.stringMatching(/^AAMkAD/),
      internetMessageId: expect.stringMatching(/^<.+@contoso\.com>$/),
      isDraft: true,
      subject: 'Hello',
      body: { contentType: 'html', content: '<p>Hello</p>' },
      toRecipients: [{ emailAddress: { address: 'max@contoso.com' } }],
    })
  })

  it('is in the caller’s Drafts, and has been sent to nobody', async () => {
    await create()
    expect(await simulated.messages('ada@contoso.com')).toMatchObject([{ folder: 'drafts', subject: 'Hello' }])
    expect(await simulated.messages('max@contoso.com')).toEqual([])
  })

  it('is from the mailbox, whatever its from, where the settings say that it is ignored', async () => {
    await simulated.set({ jsonFrom: 'ignored' })
    expect(await create({ from: recipient('reports@contoso.com') })).toMatchObject({
      from: { emailAddress: { address: 'ada@contoso.com' } },
    })
  })

  it('may have no recipients and any from', async () => {
    expect(await create({ toRecipients: [], from: recipient('finance@contoso.com') })).toMatchObject({
      from: { emailAddress: { address: 'finance@contoso.com' } },
    })
  })

  it.each([
    ['an unknown property', { subjekt: 'x' }, 'RequestBodyRead'],
    ['the parameters of sendMail', { message: {} }, 'RequestBodyRead'],
    ['an empty list of headers', { internetMessageHeaders: [] }, 'InvalidInternetMessageHeaderCollection'],
    [
      'a malformed property id',
      { singleValueExtendedProperties: [{ id: 'x', value: 'x' }] },
      'ErrorInvalidExtendedProperty',
    ],
    ['a JSON array', [], 'BadRequest'],
  ])('with %s is 400', async (_what, body, code) => {
    expect(await call('POST', '/me/messages', body)).toMatchObject({ status: 400, code })
  })

  it('over 4 MB is refused', async () => {
    const body = draftBody({ body: { contentType: 'text', content: 'x'.repeat(4 * 1024 * 1024) } })
    expect(await call('POST', '/me/messages', body)).toMatchObject({ status: 400, code: 'BadRequest' })
  })

  it('needs a mailbox', async () => {
    await signIn('nora')
    expect(await call('POST', '/me/messages', draftBody())).toMatchObject({
      status: 404,
      code: 'MailboxNotEnabledForRESTAPI',
    })
  })
})

describe('reading a message', () => {
  it('returns the selected properties, the id and the etag', async () => {
    const { id } = await create()
    const { json } = await call('GET', `/me/messages/${id}?$select=isDraft,subject`)
    expect(Object.keys(json).toSorted()).toEqual(['@odata.etag', 'id', 'isDraft', 'subject'])
  })

  it('shows a draft’s blind copies, and its headers when they are selected, but not those of a sent message', async () => {
    const { id } = await create(
      {
        bccRecipients: [recipient('grace@contoso.com')],
        internetMessageHeaders: [{ name: 'x-report-id', value: '42' }],
      },
      IMMUTABLE,
    )
    const read = async (): Promise<Draft> =>
      (await call('GET', `/me/messages/${id}?$select=bccRecipients,internetMessageHeaders`, undefined, IMMUTABLE)).json
    expect(await read()).toMatchObject({
      bccRecipients: [{ emailAddress: { address: 'grace@contoso.com' } }],
      internetMessageHeaders: [{ name: 'x-report-id', value: '42' }],
    })
    await call('POST', `/me/messages/${id}/send`, undefined, IMMUTABLE)
    expect(await read()).not.toHaveProperty('internetMessageHeaders')
  })

  it.each([
    ['an option given twice', '$select=id&$select=subject'],
    ['an unknown property', '$select=subjekt'],
    ['an option that is not supported', '$expand=singleValueExtendedProperties'],
  ])('with %s is 400', async (_what, query) => {
    const { id } = await create()
    expect(await call('GET', `/me/messages/${id}?${query}`)).toMatchObject({ status: 400, code: 'BadRequest' })
  })

  it('needs Mail.Read or Mail.ReadWrite', async () => {
    const { id } = await create()
    const read = async (scope: string): Promise<number> => {
      await signIn('ada', scope)
      return (await call('GET', `/me/messages/${id}`)).status
    }
    expect([await read('Mail.Send'), await read('Mail.Read'), await read('Mail.ReadWrite')]).toEqual([403, 200, 200])
  })
})

describe('an id', () => {
  it.each([
    ['of another kind', (id: string) => id, IMMUTABLE, 400, 'ErrorInvalidIdMalformed'],
    ['that is malformed', () => 'nonsense', {}, 400, 'ErrorInvalidIdMalformed'],
    ['in another case', (id: string) => id.slice(0, 20) + swapCase(id.slice(20)), {}, 404, 'ErrorItemNotFound'],
  ])('%s is refused', async (_what, change, headers, status, code) => {
    const { id } = await create()
    expect(await call('GET', `/me/messages/${change(id)}`, undefined, headers)).toMatchObject({ status, code })
  })

  it('of a message in another mailbox is not found', async () => {
    const { id } = await create()
    await signIn('max')
    expect(await call('GET', `/me/messages/${id}`)).toMatchObject({ status: 404, code: 'ErrorItemNotFound' })
  })

  it('is immutable only for a request that prefers it, and the response says so', async () => {
    const { json, headers } = await call('POST', '/me/messages', draftBody(), IMMUTABLE)
    expect(headers.get('preference-applied')).toBe('IdType="ImmutableId"')
    expect((await call('GET', `/me/messages/${json.id}`, undefined, IMMUTABLE)).status).toBe(200)
    expect((await call('GET', `/me/messages/${json.id}`)).status).toBe(400)
  })
})

describe('attaching to a draft', () => {
  const file = {
    '@odata.type': '#microsoft.graph.fileAttachment',
    name: 'a.txt',
    contentType: 'text/plain',
    contentBytes: 'YWJj',
  }

  it('is 201 with the attachment, which is sent along', async () => {
    const { id } = await create()
    const { status, json } = await call('POST', `/me/messages/${id}/attachments`, {
      ...file,
      contentId: 'logo',
      isInline: true,
    })
    expect(status).toBe(201)
    expect(json).toMatchObject({
      '@odata.type': '#microsoft.graph.fileAttachment',
      id: expect.stringMatching(/./),
      name: 'a.txt',
      size: 3 + 237, // what the mailbox stores for a file, as Exchange says it
      isInline: true,
      contentId: 'logo',
      contentBytes: 'YWJj',
    })
    await call('POST', `/me/messages/${id}/send`)
    expect(await simulated.messages('max@contoso.com')).toMatchObject([
      { attachments: [{ name: 'a.txt', contentId: 'logo' }] },
    ])
  })

  it.each([
    ['without a type', { name: 'a.txt', contentBytes: 'YWJj' }, 400, 'RequestBodyRead'],
    ['without content', { ...file, contentBytes: null }, 400, 'RequestBodyRead'],
    ['that is an item', { '@odata.type': '#microsoft.graph.itemAttachment', name: 'x' }, 400, 'RequestBodyRead'],
    ['over 4 MB', { ...file, contentBytes: 'YWJj'.repeat(1024 * 1024 + 1) }, 400, 'BadRequest'],
  ])('one %s is refused', async (_what, body, status, code) => {
    const { id } = await create()
    expect(await call('POST', `/me/messages/${id}/attachments`, body)).toMatchObject({ status, code })
  })
})

it.each([
  ['POST', ''],
  ['DELETE', '/AAMkADDx='],
  ['POST', '/AAMkADDx=/attachments'],
  ['POST', '/AAMkADDx=/attachments/createUploadSession'],
])('%s /me/messages%s needs Mail.ReadWrite', async (method, path) => {
  await signIn('ada', 'User.Read Mail.Send Mail.Read')
  expect(await call(method, `/me/messages${path}`, {})).toMatchObject({ status: 403, code: 'ErrorAccessDenied' })
})

describe('sending a draft', () => {
  it('is 202 with an empty body, and moves it to Sent Items', async () => {
    const { id } = await create()
    expect(await call('POST', `/me/messages/${id}/send`)).toMatchObject({ status: 202, text: '' })
    expect(await simulated.messages('ada@contoso.com')).toMatchObject([{ folder: 'sentItems', subject: 'Hello' }])
    expect(await simulated.messages('max@contoso.com')).toMatchObject([{ folder: 'inbox', subject: 'Hello' }])
  })

  it('ends a regular id', async () => {
    const { id } = await create()
    await call('POST', `/me/messages/${id}/send`)
    expect(await call('GET', `/me/messages/${id}`)).toMatchObject({ status: 404, code: 'ErrorItemNotFound' })
    expect(await call('POST', `/me/messages/${id}/send`)).toMatchObject({ status: 404 })
  })

  it('keeps the immutable id, under which the sent copy is not a draft', async () => {
    const draft = await create({}, IMMUTABLE)
    await call('POST', `/me/messages/${draft.id}/send`, undefined, IMMUTABLE)
    const { status, json } = await call('GET', `/me/messages/${draft.id}`, undefined, IMMUTABLE)
    expect(status).toBe(200)
    expect(json).toMatchObject({ id: draft.id, isDraft: false, internetMessageId: draft.internetMessageId })
  })

  it('a second time by its immutable id is refused, and nothing arrives twice', async () => {
    const { id } = await create({}, IMMUTABLE)
    await call('POST', `/me/messages/${id}/send`, undefined, IMMUTABLE)
    expect(await call('POST', `/me/messages/${id}/send`, undefined, IMMUTABLE)).toMatchObject({
      status: 400,
      code: 'ErrorInvalidOperation',
    })
    expect(await simulated.messages('max@contoso.com')).toHaveLength(1)
  })

  it.each([
    ['no recipients', { toRecipients: [] }, 'ErrorInvalidRecipients'],
    ['a recipient that is not an address', { toRecipients: [recipient('max')] }, 'ErrorInvalidRecipients'],
    ['a recipient without an address', { toRecipients: [{ emailAddress: { name: 'x' } }] }, 'ErrorInvalidRecipients'],
  ])('with %s is 400 and leaves it a draft', async (_what, change, code) => {
    const { id } = await create(change)
    expect(await call('POST', `/me/messages/${id}/send`)).toMatchObject({ status: 400, code })
    expect((await call('GET', `/me/messages/${id}`)).json).toMatchObject({ isDraft: true })
  })

  it('as the shared mailbox one has Send As on: the copy is in the person’s Sent Items', async () => {
    const { id } = await create({ from: recipient('reports@contoso.com') })
    expect((await call('POST', `/me/messages/${id}/send`)).status).toBe(202)
    const address = 'reports@contoso.com'
    expect(await simulated.messages('ada@contoso.com')).toMatchObject([
      { folder: 'sentItems', from: { address }, sender: { address } },
    ])
  })

  it('on behalf of a shared mailbox: the sender is the person', async () => {
    await signIn('bob')
    const { id } = await create({ from: recipient('reports@contoso.com') })
    await call('POST', `/me/messages/${id}/send`)
    expect(await simulated.messages('max@contoso.com')).toMatchObject([
      { from: { address: 'reports@contoso.com' }, sender: { address: 'bob@contoso.com' } },
    ])
  })

  it.each([
    ['a shared mailbox without a right', 'finance@contoso.com', ALL_SCOPES, 403, 'ErrorSendAsDenied'],
    ['an address nobody has', 'nobody@contoso.com', ALL_SCOPES, 404, 'ErrorNonExistentMailbox'],
    [
      'a shared mailbox without Mail.Send.Shared',
      'reports@contoso.com',
      'Mail.Send Mail.ReadWrite',
      403,
      'ErrorAccessDenied',
    ],
    ['oneself without Mail.Send', 'ada@contoso.com', 'Mail.ReadWrite', 403, 'ErrorAccessDenied'],
  ])('as %s is refused, and nothing is sent', async (_what, address, scope, status, code) => {
    await signIn('ada', scope)
    const { id } = await create({ from: recipient(address) })
    expect(await call('POST', `/me/messages/${id}/send`)).toMatchObject({ status, code })
    expect(await simulated.messages('max@contoso.com')).toEqual([])
  })

  it('depends on the rights at the time of sending', async () => {
    const { id } = await create({ from: recipient('reports@contoso.com') })
    await simulated.control('PUT', '/rights', {
      address: 'reports@contoso.com',
      person: 'ada@contoso.com',
      sendAs: false,
    })
    expect(await call('POST', `/me/messages/${id}/send`)).toMatchObject({ code: 'ErrorSendAsDenied' })
  })

  it('with a body is 400', async () => {
    const { id } = await create()
    expect(await call('POST', `/me/messages/${id}/send`, {})).toMatchObject({ status: 400, code: 'BadRequest' })
  })

  it('without Content-Length is 411', async () => {
    const { id } = await create()
    const status = await new Promise((resolve, reject) => {
      const chunked = httpRequest(
        `${simulated.url}/v1.0/me/messages/${id}/send`,
        { method: 'POST', headers: { authorization: `Bearer ${token}`, 'transfer-encoding': 'chunked' } },
        (response) => resolve(response.resume().statusCode),
      )
      chunked.on('error', reject)
      chunked.end()
    })
    expect(status).toBe(411)
  })
})

describe('deleting', () => {
  it('is 204 and moves the message to Deleted Items, under another regular id and the same immutable one', async () => {
    const { id } = await create()
    expect(await call('DELETE', `/me/messages/${id}`)).toMatchObject({ status: 204, text: '' })
    expect(await call('GET', `/me/messages/${id}`)).toMatchObject({ status: 404, code: 'ErrorItemNotFound' })
    expect(await simulated.messages('ada@contoso.com')).toMatchObject([{ folder: 'deletedItems' }])
  })

  it('from Deleted Items is permanent', async () => {
    const { id } = await create({}, IMMUTABLE)
    for (const status of [204, 204, 404]) {
      expect((await call('DELETE', `/me/messages/${id}`, undefined, IMMUTABLE)).status).toBe(status)
    }
    expect(await simulated.messages('ada@contoso.com')).toEqual([])
  })
})

describe('changing a message', () => {
  const sentId = async () => {
    const { id } = await create({}, IMMUTABLE)
    await call('POST', `/me/messages/${id}/send`, undefined, IMMUTABLE)
    return id
  }

  it.each(['subject', 'body', 'toRecipients', 'bccRecipients'])(
    'that is no draft is 403 for its %s without Mail-Advanced.ReadWrite',
    async (name) => {
      const { status, json } = await call('PATCH', `/me/messages/${await sentId()}`, { [name]: null }, IMMUTABLE)
      expect([status, json]).toMatchObject([403, { error: { code: 'ErrorAccessDenied' } }])
    },
  )

  it('is not refused for a draft, for what anybody may change, and with the permission', async () => {
    const id = await sentId()
    const draft = await create()
    expect((await call('PATCH', `/me/messages/${draft.id}`, { subject: 'New' })).status).toBe(501)
    expect((await call('PATCH', `/me/messages/${id}`, { isRead: true }, IMMUTABLE)).status).toBe(501)
    const scopes = ['Mail.ReadWrite', 'Mail-Advanced.ReadWrite']
    const answer = await simulated.control('POST', '/people/ada@contoso.com/tokens', { scopes })
    token = ((await answer.json()) as { accessToken: string }).accessToken
    expect((await call('PATCH', `/me/messages/${id}`, { subject: 'New' }, IMMUTABLE)).status).toBe(501)
  })
})

it('a scenario reaches each of the draft’s endpoints by name', async () => {
  const { id } = await create()
  const calls: [string, string, string, unknown?][] = [
    ['draft-create', 'POST', '/me/messages', draftBody()],
    ['draft-attach', 'POST', `/me/messages/${id}/attachments`, {}],
    ['draft-send', 'POST', `/me/messages/${id}/send`],
    ['message-get', 'GET', `/me/messages/${id}`],
    ['message-delete', 'DELETE', `/me/messages/${id}`],
    ['message-search', 'GET', '/me/messages'],
  ]
  for (const [endpoint, method, path, body] of calls) {
    const effect = { kind: 'http', endpoint, do: { action: 'answer', status: 503 } }
    await simulated.scenario(effect)
    expect((await simulated.graph(token, method, path, body)).status).toBe(503)
  }
  expect(await simulated.messages('ada@contoso.com')).toHaveLength(1)
})

it('all of a mailbox’s requests count against its four at once', async () => {
  const effect = { kind: 'http', endpoint: 'any', do: { action: 'delay', delayMs: 600_000 } }
  await simulated.scenario(effect, { times: 'always' })
  const asking = Promise.all([
    call('POST', '/me/messages', draftBody()),
    call('GET', '/me/messages'),
    call('GET', '/me/mailFolders/sentitems/messages'),
    simulated.sendMail(token, mail()),
    call('GET', '/me/messages'),
  ])
  const came = async (): Promise<unknown> => simulated.read('/counters')
  await expect.poll(came).toMatchObject({ mailboxes: { 'ada@contoso.com': { requests: 5 } } })
  await simulated.control('DELETE', '/scenarios')
  const answers = await asking
  expect(answers.filter(({ status }) => status === 429)).toHaveLength(1)
})

function swapCase(text: string): string {
  return text.replaceAll(/[a-z]/gi, (letter) =>
    letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
  )
}
