import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { delimiter, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, expect, it } from 'vitest'
import { mailsIn } from '../test-support/mailbox.ts'
import { MB } from '../test-support/upload-fixture.ts'
import { useFolder } from '../test-support/use-created.ts'
import { useProduct } from '../test-support/use-fixture.ts'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('../../../../', import.meta.url))
const CLIENT = join(ROOT, 'packages', 'client')
const TOOLS = join(ROOT, 'node_modules', '.bin')

const { fixture, product, service } = useProduct({
  environment: { MAILBOX_MESSAGES_PER_MINUTE: '0' },
  mailbox: { largeAttachments: true },
})

/** A folder as a service's own, with the package installed from its pack and nothing else. */
const folder = useFolder()
let pack: string

beforeAll(async () => {
  // The package may be packed elsewhere at the same time.
  const sources = join(folder, 'sources')
  await cp(CLIENT, sources, { recursive: true, filter: (path) => !/node_modules|dist$/.test(path) })
  await writeFile(
    join(sources, 'tsconfig.json'),
    JSON.stringify({
      extends: join(ROOT, 'tsconfig.base.json'),
      include: ['src'],
      compilerOptions: { typeRoots: [join(ROOT, 'node_modules', '@types')] },
    }),
  )
  const PATH = [TOOLS, process.env['PATH']].join(delimiter)
  await run('npm', ['pack', '--offline', '--pack-destination', folder], { cwd: sources, env: { ...process.env, PATH } })
  pack = join(folder, (await readdir(folder)).find((name) => name.endsWith('.tgz')) ?? '')
  const installed = join(folder, 'service', 'node_modules', '@inforiver-mail', 'client')
  await mkdir(installed, { recursive: true })
  await run('tar', ['-xzf', pack, '-C', installed, '--strip-components=1'])
})

/** The Node of this machine, which may be older than the project's own. */
function nodeOfHost(): string {
  const folders = (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((path) => !resolve(path).startsWith(resolve(ROOT)))
  return folders.map((path) => join(path, 'node')).find((path) => existsSync(path)) ?? process.execPath
}

const SCRIPT = `
import { createReadStream } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { InforiverMail, verifyWebhook } from '@inforiver-mail/client'

const [baseUrl, serviceKey] = process.argv.slice(2)
const mail = new InforiverMail({ baseUrl, serviceKey })
const to = ['max@contoso.com']
const failureOf = (promise) => promise.then(() => null, ({ name, code, status, errors, requestId }) =>
  ({ name, code, status, paths: errors.map(({ path }) => path), hasRequestId: requestId !== null }))

await writeFile('large.bin', Buffer.alloc(${5 * MB}, 'x'))
const progress = []
const large = await mail.send(
  {
    to, subject: 'Large, from the pack', html: '<p>See the files.</p>', reference: 'pack',
    attachments: [
      { path: './large.bin', contentType: 'application/x-test' },
      { filename: 'buffer.txt', content: Buffer.from('buffer') },
      { filename: 'blob.txt', content: new Blob(['blob']) },
      { filename: 'stream.bin', content: createReadStream('large.bin', { end: 9 }) },
    ],
  },
  { onProgress: (each) => progress.push(each) },
)
const small = await mail.send(
  { to, subject: 'Small, from the pack', text: 'Hello', attachments: [{ filename: 'text.txt', content: 'Grüße' }] },
  { idempotencyKey: 'pack-1' },
)
const again = await mail.send(
  { to, subject: 'Small, from the pack', text: 'Hello', attachments: [{ filename: 'text.txt', content: 'Grüße' }] },
  { idempotencyKey: 'pack-1' },
)
const sendAt = new Date(Date.now() + 86_400_000).toISOString()
const later = await mail.send({ to, subject: 'Later', text: 'x', sendAt })
const cancelled = await mail.cancel(later.id)
const batch = await mail.sendBatch([
  { to, subject: 'First of a batch', text: 'x', attachments: [{ filename: 'a.txt', content: Buffer.from('abc') }] },
  { to, subject: 'Second of a batch', text: 'x' },
])
const ended = [await mail.waitUntilEnded(large.id), await mail.waitUntilEnded(small.id)]
const events = []
for await (const { type, messageId } of mail.events({ after: '0', types: ['message.sent', 'message.cancelled'] })) {
  if ([large.id, small.id, later.id].includes(messageId)) events.push(type)
  if (events.length === 3) break
}
const listed = []
for await (const { subject } of mail.list({ limit: 2 })) listed.push(subject)
console.log(JSON.stringify({
  node: process.versions.node,
  ended: ended.map(({ status, attachments }) => ({ status, sizes: attachments.map(({ sizeBytes }) => sizeBytes) })),
  batch: batch.map(({ subject }) => subject),
  refusedBatch: await failureOf(mail.sendBatch([{ to, subject: 'x', text: 'x' }, { to: ['nobody'], subject: 'x', text: 'x' }])),
  isRepeated: again.id === small.id,
  cancelled: cancelled.status,
  progress: progress.at(-1),
  events: events.toSorted(),
  listed,
  waiting: (await mail.usage()).waitingMessages,
  refused: await failureOf(mail.send({ to: ['a@b.example', 'nobody'], subject: 'x', text: 'x' })),
  reused: await failureOf(mail.send({ to, subject: 'Other', text: 'x' }, { idempotencyKey: 'pack-1' })),
  notRetryable: await failureOf(mail.retry(small.id)),
  timedOut: await failureOf(mail.waitUntilEnded((await mail.send({ to, subject: 'Later', text: 'x', sendAt })).id, { timeoutMs: 1 })),
  unauthorized: await failureOf(new InforiverMail({ baseUrl, serviceKey: 'imk_wrong' }).usage()),
  verifies: typeof verifyWebhook,
}))
`

it('sends, reads and cancels from its pack, on the Node of this machine', async () => {
  const cwd = join(folder, 'service')
  await writeFile(join(cwd, 'service.mjs'), SCRIPT)

  const { stdout } = await run(nodeOfHost(), ['service.mjs', product.publicUrl, service.key], { cwd })

  const failure = { name: 'InforiverMailError', paths: [], hasRequestId: true }
  expect(JSON.parse(stdout)).toEqual({
    node: expect.any(String),
    ended: [
      { status: 'sent', sizes: [5 * MB, 6, 4, 10] },
      { status: 'sent', sizes: [7] },
    ],
    batch: ['First of a batch', 'Second of a batch'],
    refusedBatch: { ...failure, code: 'invalid-input', status: 400, paths: ['messages[1].to[0]'] },
    isRepeated: true,
    cancelled: 'cancelled',
    progress: { sentBytes: 5 * MB + 20, totalBytes: null },
    events: ['message.cancelled', 'message.sent', 'message.sent'],
    listed: ['Second of a batch', 'First of a batch', 'Later', 'Small, from the pack', 'Large, from the pack'],
    waiting: expect.any(Number),
    refused: { ...failure, code: 'invalid-input', status: 400, paths: ['to[1]'] },
    reused: { ...failure, code: 'idempotency-key-reused', status: 409 },
    notRetryable: { ...failure, code: 'message-not-retryable', status: 409 },
    timedOut: { ...failure, code: 'timed-out', status: null, hasRequestId: false },
    unauthorized: { ...failure, code: 'invalid-service-key', status: 401 },
    verifies: 'function',
  })
  const [mail] = await mailsIn(fixture.microsoft, 'Large, from the pack')
  expect(mail.attachments.map(({ name }: { name: string }) => name).toSorted()).toEqual([
    'blob.txt',
    'buffer.txt',
    'large.bin',
    'stream.bin',
  ])
})

it('has types that stand alone', async () => {
  const cwd = join(folder, 'service')
  await writeFile(
    join(cwd, 'service.ts'),
    `import { InforiverMail, InforiverMailError, verifyWebhook, type Message } from '@inforiver-mail/client'
const mail = new InforiverMail({ baseUrl: 'https://mail.contoso.com', serviceKey: 'imk_key' })
export async function send(): Promise<Message['status']> {
  const { id } = await mail.send({ to: ['a@b.example'], subject: 's', text: 't', attachments: [{ path: 'x' }] })
  for await (const event of mail.events({ types: ['message.sent'] })) if (event.messageId === id) break
  return (await mail.waitUntilEnded(id)).status
}
export const read = (headers: Headers, body: string) => verifyWebhook({ headers, body, secret: 's' }).type
export const isLimit = (error: unknown) => error instanceof InforiverMailError && error.code === 'rate-limited'
`,
  )
  const options =
    '--noEmit --strict --target es2022 --module nodenext --lib es2022,dom,dom.iterable,dom.asynciterable --types'
  expect((await run(join(TOOLS, 'tsc'), [...options.split(' '), '', 'service.ts'], { cwd })).stdout).toBe('')
})

it.each([
  ['as its README says', 'node16', null],
  [
    'by import',
    'nodenext',
    `import { InforiverMail } from '@inforiver-mail/client'\nexport const connect = () => new InforiverMail({ baseUrl: 'https://mail.contoso.com', serviceKey: 'imk_key' })`,
  ],
])('is used by TypeScript that compiles to CommonJS, %s', async (_how, module, source) => {
  const cwd = join(folder, 'service')
  const [, inReadme = ''] = /```ts\n(.*?)```/s.exec(await readFile(join(CLIENT, 'README.md'), 'utf8')) ?? []
  await writeFile(join(cwd, 'connect.cts'), source ?? inReadme)
  const types = `--types node --typeRoots ${join(ROOT, 'node_modules', '@types')}`
  const options = `--strict --target es2022 --module ${module} --lib es2022,dom,dom.iterable,dom.asynciterable ${types}`
  await run(join(TOOLS, 'tsc'), [...options.split(' '), 'connect.cts'], { cwd })
  const use = `Promise.resolve(require('./connect.cjs').connect()).then(({ send }) => console.log(typeof send))`
  const env = { ...process.env, INFORIVER_MAIL_KEY: 'imk_key' }
  expect((await run(process.execPath, ['-e', use], { cwd, env })).stdout).toBe('function\n')
})

it('is what publint and attw ask of a package', async () => {
  const tools = join(CLIENT, 'node_modules', '.bin')
  expect((await run(join(tools, 'publint'), ['--strict', pack])).stdout).toContain('All good!')
  await run(join(tools, 'attw'), [pack, '--profile', 'esm-only'])
})
