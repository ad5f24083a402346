import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import nodemailer from 'nodemailer'
import { freePort } from '../../packages/m365/src/test-support/free-port.ts'
import { startBareServer } from './bare-server.ts'
import { peakAfterReset, peakMegabytes } from '../bench/process-memory.ts'
import type { Setting } from '../bench/setting.ts'
import type { Testbed } from '../testbed/testbed.ts'

const MB = 1024 * 1024
const LARGEST_BYTES = 150 * MB
const CONNECTIONS = 32
const MAILS = 2_000
const ROUNDS = 3
const NO_LIMITS = {
  MAILBOX_MESSAGES_PER_MINUTE: '0',
  MAILBOX_RECIPIENTS_PER_DAY: '0',
  SMTP_LISTEN_BEFORE_LOGIN_PER_ADDRESS: String(CONNECTIONS), // all of them connect at once
}

export const SMTP_SETTING: Setting = { mailboxes: [1], graphMs: [], mails: MAILS, rounds: ROUNDS }

/**
 * Measures the intake by SMTP against smtp-server alone, which writes each mail to a file with fsync, and the memory that
 * one mail of 150 MB takes.
 */
export async function benchSmtp(testbed: Testbed): Promise<void> {
  const [tenant] = await testbed.addTenants(1, { largeAttachments: true })
  if (!tenant) return
  const folder = await mkdtemp(join(tmpdir(), 'inforiver-mail-bare-smtp-'))
  const bare = { port: await freePort(), key: 'any' }
  const bareServer = await startBareServer(new URL('./bare-smtp-server.ts', import.meta.url), [
    String(bare.port),
    folder,
  ])
  const product = { port: await freePort(), key: tenant.serviceKey }
  const api = await testbed.start('api', { ...NO_LIMITS, SMTP_LISTEN_PORT: String(product.port) })
  try {
    for (const target of [bare, product]) await sendMails(target, MAILS / 4) // warm
    let best = { bare: 0, product: 0 }
    for (let round = 0; round < ROUNDS; round++) {
      best = {
        bare: Math.max(best.bare, await sendMails(bare, MAILS)),
        product: Math.max(best.product, await sendMails(product, MAILS)),
      }
    }
    console.log(
      `intake by SMTP: ${best.product.toFixed(0)} mails a second, smtp-server alone with fsync ${best.bare.toFixed(0)}: ratio ${(best.product / best.bare).toFixed(2)}`,
    )
  } finally {
    await api.stop()
    bareServer.kill()
    await rm(folder, { recursive: true, force: true })
  }
  await measureMemory(testbed, tenant.serviceKey)
}

async function measureMemory(testbed: Testbed, key: string): Promise<void> {
  const target = { port: await freePort(), key }
  const api = await testbed.start('api', { ...NO_LIMITS, SMTP_LISTEN_PORT: String(target.port) })
  await sendMails(target, 200)
  await delay(3_000)
  const idle = peakAfterReset(api)
  const startedAt = performance.now()
  const piece = randomBytes(MB)
  const transport = connect(target)
  await transport.sendMail({
    from: 'device@contoso.com',
    to: 'cfo@example.com',
    subject: 'Large',
    text: 'See the file.',
    attachments: [
      { filename: 'large.bin', content: Readable.from(Array.from({ length: LARGEST_BYTES / MB }, () => piece)) },
    ],
  })
  const seconds = (performance.now() - startedAt) / 1_000
  transport.close()
  const peak = peakMegabytes(api)
  console.log(
    `one mail of 150 MB by SMTP: ${seconds.toFixed(1)} s (${(LARGEST_BYTES / MB / seconds).toFixed(0)} MB/s); peak resident memory ${idle} MB idle, ${peak} MB with it: ${peak - idle} MB more`,
  )
  await api.stop()
}

interface Target {
  readonly port: number
  readonly key: string
}

/** Returns the mails a second. */
async function sendMails(target: Target, count: number): Promise<number> {
  const transport = connect(target)
  const startedAt = performance.now()
  await Promise.all(
    Array.from({ length: count }, (_, index) =>
      transport.sendMail({
        from: 'device@contoso.com',
        to: 'cfo@example.com',
        subject: `Mail ${index}`,
        html: `<p>${'The numbers of the quarter. '.repeat(40)}</p>`,
      }),
    ),
  )
  const seconds = (performance.now() - startedAt) / 1_000
  transport.close()
  return count / seconds
}

function connect({ port, key }: Target) {
  return nodemailer.createTransport({
    host: '127.0.0.1',
    port,
    auth: { user: 'bench', pass: key },
    pool: true,
    maxConnections: CONNECTIONS,
    maxMessages: 1_000,
  })
}
