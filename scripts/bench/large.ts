import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { createGraphMailer } from '../../packages/m365/src/mailer/graph-mailer.ts'
import { RANGE_BYTES } from '../../packages/m365/src/mailer/upload-session.ts'
import { createMicrosoftFetch } from '../../packages/m365/src/microsoft-fetch.ts'
import type { Testbed, Process, Tenant } from '../testbed/testbed.ts'
import { peakAfterReset, peakMegabytes } from './process-memory.ts'
import { GRAPH_MS, type Setting } from './setting.ts'
import type { Scoreboard } from './targets.ts'

const MB = 1024 * 1024
const LARGEST_BYTES = 150 * MB
const PERMISSIONS = ['Mail.Send', 'Mail.ReadWrite', 'User.Read']
const NO_UPLOAD_LIMIT = { MAILBOX_UPLOAD_BYTES_PER_5_MINUTES: '0', MAILBOX_MESSAGES_PER_MINUTE: '0' }
const LINE_LATENCY_MS = 100
/** Attachments repeat one random megabyte. */
const PIECE = randomBytes(MB)

export const LARGE_SETTING: Setting = {
  mailboxes: [1],
  graphMs: [GRAPH_MS],
  mails: `a file of 150 MB, whose ranges are answered after ${LINE_LATENCY_MS} and 0 ms, and ten of 35 MB`,
  rounds: 1,
}

/**
 * Measures large attachments against a bare loop that uploads the same ranges from memory, and the memory they take.
 */
export async function benchLarge(testbed: Testbed, score: Scoreboard): Promise<void> {
  const [tenant] = await testbed.addTenants(1, { largeAttachments: true })
  if (!tenant) return
  const product = await testbed.start('all', NO_UPLOAD_LIMIT)
  await submitAndDeliver(testbed, product, tenant, 20 * MB) // warm
  for (const latencyMs of [LINE_LATENCY_MS, 0]) {
    await testbed.control('PATCH', '/settings', { uploadLatencyMs: latencyMs })
    const bareSeconds = await bareLoop(testbed, tenant)
    const insertSeconds = await bareInserts(testbed)
    const { intakeSeconds, deliverySeconds } = await submitAndDeliver(testbed, product, tenant, LARGEST_BYTES)
    const delivery = bareSeconds / deliverySeconds
    const intake = insertSeconds / intakeSeconds
    const rate = (seconds: number) => `${(LARGEST_BYTES / MB / seconds).toFixed(0)} MB/s`
    console.log(
      `150 MB, each range answered after ${latencyMs} ms: bare loop ${bareSeconds.toFixed(2)} s (${rate(bareSeconds)}); ` +
        `intake ${intakeSeconds.toFixed(2)} s (${rate(intakeSeconds)}); delivery ${deliverySeconds.toFixed(2)} s (${rate(deliverySeconds)}); ` +
        `bare inserts of 256 KiB ${insertSeconds.toFixed(2)} s (${rate(insertSeconds)}); ` +
        `ratio of the delivery ${delivery.toFixed(2)}, of the intake ${intake.toFixed(2)}, from submit to sent ${(bareSeconds / (intakeSeconds + deliverySeconds)).toFixed(2)}`,
    )
    if (latencyMs > 0) continue
    score.note('150 MB: delivery over bare uploads', delivery)
    score.note('150 MB: intake over bare inserts', intake)
  }
  await product.stop()
  await measureMemory(testbed, score, tenant)
}

/**
 * Measures the peak memory of a process that has started and is idle, then with one message of 150 MB, or ten of 35 MB at
 * once, each in a fresh process. Also counts from the highest memory until the start was over, as was done at first.
 */
async function measureMemory(testbed: Testbed, score: Scoreboard, tenant: Tenant): Promise<void> {
  for (const [count, sizeBytes, target] of [
    [1, LARGEST_BYTES, 'MB above idle: one file of 150 MB'],
    [10, 35 * MB, 'MB above idle: ten files of 35 MB'],
  ] as const) {
    const product = await testbed.start('all', NO_UPLOAD_LIMIT)
    await delay(3_000)
    const started = peakMegabytes(product)
    const idle = peakAfterReset(product)
    await Promise.all(Array.from({ length: count }, () => submitAndDeliver(testbed, product, tenant, sizeBytes)))
    const peak = peakMegabytes(product)
    console.log(
      `peak resident memory: ${started} MB until the start was over, ${idle} MB idle then, ${peak} MB with ${count} of ${sizeBytes / MB} MB at once: ${peak - idle} MB more than idle, ${peak - started} more than until then`,
    )
    score.note(target, peak - idle)
    await product.stop()
  }
}

async function bareLoop(testbed: Testbed, { address }: Tenant): Promise<number> {
  const { accessToken } = await testbed.control('POST', `/people/${address}/tokens`, { scopes: PERMISSIONS })
  const mailer = createGraphMailer({
    graphBaseUrl: testbed.simulatorUrl,
    fetch: createMicrosoftFetch({}),
    clock: () => new Date(),
  })
  const content = Buffer.concat(Array.from({ length: LARGEST_BYTES / MB }, () => PIECE))
  const startedAt = performance.now()
  const draft = await mailer.createDraft(bareMessage(address), { accessToken })
  if (draft.outcome !== 'created') throw new Error(`The bare loop got ${draft.outcome}.`)
  const file = { filename: 'a.bin', contentType: 'application/pdf', contentId: null, sizeBytes: content.length }
  const created = await mailer.createUploadSession(draft.draftId, file, { accessToken })
  if (created.outcome !== 'created') throw new Error(`The bare loop got ${created.outcome}.`)
  for (let start = 0; start < content.length; start += RANGE_BYTES) {
    const bytes = content.subarray(start, start + RANGE_BYTES)
    const put = await mailer.putRange(created.session, { start, totalBytes: content.length, bytes })
    if (put.outcome !== 'stored' && put.outcome !== 'finished') throw new Error(`The bare loop got ${put.outcome}.`)
  }
  const sent = await mailer.sendDraft(draft.draftId, { accessToken })
  if (sent.outcome !== 'sent') throw new Error(`The bare loop got ${sent.outcome}.`)
  return (performance.now() - startedAt) / 1_000
}

function bareMessage(address: string) {
  return {
    id: `msg_${randomBytes(16).toString('hex')}`,
    from: { address },
    to: [{ address: 'cfo@example.com' }],
    cc: [],
    bcc: [],
    replyTo: [],
    subject: 'Bare',
    html: null,
    text: 'Large.',
    attachments: [],
    headers: {},
    importance: 'normal',
    saveToSentItems: true,
  } as const
}

/** Inserts as many bytes in pieces of the size that the product stores, each in a transaction of its own. */
async function bareInserts({ pool }: Testbed): Promise<number> {
  const STORED_BYTES = MB / 4
  await pool.query('CREATE TABLE IF NOT EXISTS bare_chunks (content bytea STORAGE EXTERNAL NOT NULL)')
  const startedAt = performance.now()
  for (let start = 0; start < LARGEST_BYTES; start += STORED_BYTES)
    await pool.query('INSERT INTO bare_chunks (content) VALUES ($1)', [
      PIECE.subarray(start % MB, (start % MB) + STORED_BYTES),
    ])
  return (performance.now() - startedAt) / 1_000
}

async function submitAndDeliver(
  testbed: Testbed,
  product: Process,
  tenant: Tenant,
  sizeBytes: number,
): Promise<{ intakeSeconds: number; deliverySeconds: number }> {
  const startedAt = performance.now()
  const id = await submitLarge(product.url, tenant, sizeBytes)
  const acceptedAt = performance.now()
  for (;;) {
    const { rows } = await testbed.pool.query<{ status: string }>('SELECT status FROM message_states WHERE id = $1', [
      id,
    ])
    const status = rows[0]?.status
    if (status === 'sent') break
    if (status === 'failed' || status === 'held') throw new Error(`A large message is ${status}.`)
    await delay(20)
  }
  return {
    intakeSeconds: (acceptedAt - startedAt) / 1_000,
    deliverySeconds: (performance.now() - acceptedAt) / 1_000,
  }
}

/** The SHA-256, in hex, of the attachment that `submitLarge` sends. */
export function hashOfLarge(sizeBytes: number): string {
  const hash = createHash('sha256')
  for (let hashed = 0; hashed < sizeBytes; hashed += PIECE.length) hash.update(PIECE.subarray(0, sizeBytes - hashed))
  return hash.digest('hex')
}

/** Streams one attachment of this size to cfo@example.com, and returns the id of the message. */
export async function submitLarge(url: string, tenant: Tenant, sizeBytes: number): Promise<string> {
  const boundary = randomUUID()
  const message = JSON.stringify({ to: ['cfo@example.com'], subject: 'Large', text: 'Large.' })
  const head = `--${boundary}\r\ncontent-disposition: form-data; name="message"\r\n\r\n${message}\r\n--${boundary}\r\ncontent-disposition: form-data; name="attachment"; filename="a.bin"\r\n\r\n`
  const tail = `\r\n--${boundary}--\r\n`
  const call = request(`${url}/api/v1/messages`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${tenant.serviceKey}`,
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'content-length': head.length + sizeBytes + tail.length,
    },
  })
  const answered = new Promise<string>((resolve, reject) => {
    call.once('error', reject)
    call.once('response', (response) => {
      let text = ''
      response.on('data', (data: Buffer) => (text += data.toString()))
      response.once('end', () => {
        if (response.statusCode === 202) resolve((JSON.parse(text) as { id: string }).id)
        else reject(new Error(`A large submit was answered with ${response.statusCode}: ${text}`))
      })
    })
  })
  call.write(head)
  for (let sent = 0; sent < sizeBytes; sent += PIECE.length) {
    const piece = PIECE.subarray(0, Math.min(PIECE.length, sizeBytes - sent))
    if (!call.write(piece)) await new Promise((resolve) => call.once('drain', resolve))
  }
  call.end(tail)
  return answered
}
