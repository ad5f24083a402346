import { randomBytes, randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { MESSAGE_ID_PROPERTY } from '../../packages/m365/src/mailer/send-mail-request.ts'
import { freePort } from '../../packages/m365/src/test-support/free-port.ts'
import nodemailer from 'nodemailer'
import {
  describeAccess,
  openTestbed,
  type Testbed,
  type Process,
  type Tenant,
  type AccessKind,
} from '../testbed/testbed.ts'

const CLIENTS = 4
const MAILBOXES = 8 // a pause that Microsoft asks for stops one of them only
const KILL_EVERY_MS = 4_000
/** Short enough for tokens to be renewed while processes die and the vault's key changes. */
const TOKENS_LIVE_SECONDS = 15
/**
 * Below this share of unfinished messages faults end: a message in doubt takes eleven minutes, and would meet another
 * fault.
 */
const CALM_BELOW = 0.1
/** The limits grow with the number of messages, since a busy machine takes its time for each. */
const submitForAtMostMs = (messages: number) => 120_000 + 300 * messages
/** A message in doubt that was not sent is looked up for eleven minutes before it is sent again. */
const deliverForAtMostMs = (messages: number) => 20 * 60_000 + 300 * messages

const FAULT_RATES = {
  throttled: 0.1,
  unavailable: 0.05,
  resetBefore: 0.03,
  resetAfter: 0.03,
  gatewayTimeoutAfter: 0.02,
}

interface Storm {
  readonly access: AccessKind
  /** Whether the grant has Mail.ReadWrite, with which the worker can look up an unknown outcome. */
  readonly readable: boolean
  readonly protocol: 'rest' | 'smtp'
}

const STORMS: readonly Storm[] = [
  { access: { graphAuth: 'delegated', credential: 'client secret' }, readable: true, protocol: 'rest' },
  { access: { graphAuth: 'delegated', credential: 'client secret' }, readable: false, protocol: 'rest' },
  { access: { graphAuth: 'application', credential: 'certificate' }, readable: true, protocol: 'rest' },
]

/**
 * Sends messages through two workers while Microsoft fails at random, processes are killed and the vault's key is
 * changed: delegated with and without Mail.ReadWrite, and with application access. Resolves to whether all went well.
 */
export async function runStorms(messages: number): Promise<boolean> {
  let right = true
  for (const each of STORMS) right = (await run(messages, each)) && right
  return right
}

/** The same with mails that come by SMTP, through a door that is killed like every other process. */
export async function runSmtpStorm(messages: number): Promise<boolean> {
  const access = { graphAuth: 'delegated', credential: 'client secret' } as const
  return run(messages, { access, readable: true, protocol: 'smtp' })
}

interface Tally {
  readonly accepted: number
  /** More than were submitted, where a repetition was not recognised. */
  readonly stored: number
  readonly arrived: number
  readonly lost: number
  readonly doubled: number
  readonly flaggedDoubles: number
  readonly flagged: number
  readonly peakConcurrency: number
  readonly kills: number
  readonly tokenRequests: number
  readonly seconds: number
  /**
   * What went wrong with the change of the vault's key meanwhile. Null: nothing became unreadable, and the new key alone
   * suffices and is required.
   */
  readonly keyTrouble: string | null
}

async function run(messages: number, { access, readable, protocol }: Storm): Promise<boolean> {
  const testbed = await openTestbed(access)
  try {
    await testbed.control('PATCH', '/settings', {
      latencyMs: 5,
      sentCopyDelayMs: { min: 0, max: 20_000 },
      faultRates: FAULT_RATES,
      retryAfterForm: 'mixed',
      retryAfterSeconds: 1,
      accessTokenSeconds: TOKENS_LIVE_SECONDS,
    })
    const tenants = await testbed.addTenants(MAILBOXES, { largeAttachments: readable })
    const tally = await storm(testbed, tenants, messages, protocol)
    const { accepted, lost, doubled, flaggedDoubles, peakConcurrency, keyTrouble } = tally
    const allowedDoubles = readable ? 0 : flaggedDoubles
    const isEachOnce = accepted === messages && tally.stored === messages
    const right = isEachOnce && lost === 0 && doubled === allowedDoubles && peakConcurrency <= 4 && keyTrouble === null
    console.log(
      `${right ? '✓' : '✗'} storm by ${protocol === 'smtp' ? 'SMTP' : 'REST'}, ${describeAccess(access)}, ${readable ? 'with Mail.ReadWrite' : 'with Mail.Send alone'}: ${accepted} accepted, ${tally.stored} stored, ${tally.arrived} arrived, ${lost} lost, ${doubled} doubled (${flaggedDoubles} of them flagged), ` +
        `${tally.flagged} flagged in all; at most ${peakConcurrency} at once to a mailbox; ${tally.kills} kills; ${tally.tokenRequests} token requests; ${keyTrouble ?? 'vault key changed cleanly'}; ${tally.seconds} s`,
    )
    return right
  } finally {
    await testbed.close()
  }
}

async function storm(
  testbed: Testbed,
  tenants: readonly Tenant[],
  messages: number,
  protocol: Storm['protocol'],
): Promise<Tally> {
  const startedAt = Date.now()
  const environment = { MAILBOX_MESSAGES_PER_MINUTE: '0', MAILBOX_RECIPIENTS_PER_DAY: '0' }
  const slots: { role: 'api' | 'worker'; process: Process | null }[] = [
    { role: 'api', process: null },
    { role: 'worker', process: null },
    { role: 'worker', process: null },
  ]
  const smtpPort = await freePort()
  const door = protocol === 'smtp' ? { SMTP_LISTEN_PORT: String(smtpPort) } : {}
  const start = (role: 'api' | 'worker', vaultKeys: string) =>
    testbed.start(role, { ...environment, ...door, VAULT_KEYS: vaultKeys })
  const submitOnce = protocol === 'smtp' ? submitBySmtp(smtpPort) : submitByRest(() => slots[0]?.process?.url ?? null)
  for (const slot of slots) slot.process = await start(slot.role, testbed.vaultKeys)
  const newKey = `new:${randomBytes(32).toString('base64')}`
  // A rolling restart: every process knows the new key before the first one seals with it.
  const known = `${testbed.vaultKeys},${newKey}`
  const sealing = `${newKey},${testbed.vaultKeys}`
  let resealed = false
  let kills = 0
  const over = new AbortController()
  const killer = (async () => {
    for (let restart = 0; !over.signal.aborted; restart++) {
      await delay(KILL_EVERY_MS)
      const slot = slots[restart % slots.length]
      if (over.signal.aborted || !slot?.process) continue
      const round = Math.floor(restart / slots.length)
      if (round >= 2) resealed ||= await testbed.vault('rotate', sealing)
      const { process } = slot
      slot.process = null
      await process.kill()
      kills += 1
      slot.process = await start(slot.role, round === 0 ? known : sealing)
    }
  })()

  const accepted = (
    await Promise.all(Array.from({ length: CLIENTS }, (_, client) => submitAll(tenants, messages, submitOnce, client)))
  ).flat()
  const giveUpAt = Date.now() + deliverForAtMostMs(messages)
  for (let unended = messages; unended > 0 && Date.now() < giveUpAt; unended = await countUnended(testbed)) {
    if (unended < messages * CALM_BELOW && !over.signal.aborted) {
      over.abort()
      await testbed.control('PATCH', '/settings', { faultRates: {} })
    }
    await delay(500)
  }
  over.abort()
  await killer

  const arrivals = await readArrivals(testbed)
  const flagged = new Set(
    (await testbed.pool.query<{ id: string }>('SELECT id FROM message_states WHERE possible_duplicate')).rows.map(
      ({ id }) => id,
    ),
  )
  const doubled = [...arrivals].filter(([, count]) => count > 1).map(([id]) => id)
  const { endpoints } = await testbed.control('GET', '/counters')
  const { rows: counted } = await testbed.pool.query<{ count: number }>('SELECT count(*)::int AS count FROM messages')
  return {
    accepted: new Set(accepted).size,
    stored: counted[0]?.count ?? 0,
    arrived: arrivals.size,
    lost: accepted.filter((id) => !arrivals.has(id)).length,
    doubled: doubled.length,
    flaggedDoubles: doubled.filter((id) => flagged.has(id)).length,
    flagged: flagged.size,
    peakConcurrency: await readPeakConcurrency(testbed),
    kills,
    tokenRequests: endpoints.token?.requests ?? 0,
    seconds: Math.round((Date.now() - startedAt) / 1_000),
    keyTrouble: await findKeyTrouble(testbed, slots, newKey, resealed),
  }
}

/** Null where no message was unreadable, the new key alone suffices, and the old one alone is refused. */
async function findKeyTrouble(
  testbed: Testbed,
  slots: readonly { process: Process | null }[],
  newKey: string,
  resealed: boolean,
): Promise<string | null> {
  for (const { process } of slots) await process?.stop()
  // A short storm is over before every process has been restarted twice.
  if (!resealed && !(await testbed.vault('rotate', `${newKey},${testbed.vaultKeys}`)))
    return 'what the old vault key sealed could not be sealed with the new one'
  const refusal = (vaultKeys: string) =>
    testbed.start('api', { VAULT_KEYS: vaultKeys }).then(
      (process) => process.stop().then(() => null),
      (error: Error) => error.message,
    )
  const { rows } = await testbed.pool.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM message_attempts WHERE detail LIKE 'It could not be prepared%'`,
  )
  const unprepared = rows[0]?.count ?? 0
  if (unprepared > 0) return `${unprepared} attempts could not be prepared, perhaps for want of a vault key`
  const withNew = await refusal(newKey)
  if (withNew !== null) return `a start with the new vault key alone failed: ${withNew}`
  const withOld = await refusal(testbed.vaultKeys)
  if (withOld === null) return 'a start with the old vault key alone was not refused'
  return withOld.includes('the vault key "new", which is missing')
    ? null
    : `a start with the old vault key alone failed otherwise: ${withOld}`
}

interface Submission {
  readonly serviceKey: string
  /** Identifies it, however often it is submitted. */
  readonly key: string
  readonly index: number
}

/** Returns the id of the message; null without an answer, or where it says to try again. */
type SubmitOnce = (submission: Submission) => Promise<string | null>

/** Submits like a careful service: each message until it is answered with an id. */
async function submitAll(
  tenants: readonly Tenant[],
  messages: number,
  submitOnce: SubmitOnce,
  client: number,
): Promise<string[]> {
  const ids: string[] = []
  const giveUpAt = Date.now() + submitForAtMostMs(messages)
  for (let index = client; index < messages; index += CLIENTS) {
    const submission = { serviceKey: tenants[index % tenants.length]?.serviceKey ?? '', key: randomUUID(), index }
    for (;;) {
      if (Date.now() > giveUpAt) return ids
      const id = await submitOnce(submission)
      if (id !== null) {
        ids.push(id)
        break
      }
      await delay(100)
    }
    await delay(20) // spread over the storm
  }
  return ids
}

function submitByRest(url: () => string | null): SubmitOnce {
  return async ({ serviceKey, key, index }) => {
    const target = url()
    if (target === null) return null
    const answer = await fetch(`${target}/api/v1/messages`, {
      method: 'POST',
      headers: { authorization: `Bearer ${serviceKey}`, 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify({ to: [`someone-${index}@example.com`], subject: `Message ${index}`, text: 'Chaos.' }),
      signal: AbortSignal.timeout(10_000),
    })
      .then(async (response) => ({ status: response.status, json: (await response.json()) as { id: string } }))
      .catch(() => null)
    if (answer === null || answer.status >= 500) return null
    if (answer.status === 202) return answer.json.id
    throw new Error(`A submit was refused with ${answer.status}: ${JSON.stringify(answer.json)}`)
  }
}

/** Sends the same bytes each time, as a client does that repeats a mail from its spool. */
function submitBySmtp(port: number): SubmitOnce {
  return async ({ serviceKey, key, index }) => {
    const transport = nodemailer.createTransport({
      host: '127.0.0.1',
      port,
      auth: { user: 'storm', pass: serviceKey },
      connectionTimeout: 10_000,
      socketTimeout: 10_000,
    })
    const raw = `Message-ID: <${key}@storm.example>\r\nTo: someone-${index}@example.com\r\nSubject: Message ${index}\r\n\r\nChaos.\r\n`
    try {
      const envelope = { from: 'storm@example.com', to: `someone-${index}@example.com` }
      const { response } = await transport.sendMail({ envelope, raw })
      return /queued as (msg_[0-9a-f]{32})/.exec(response)?.[1] ?? null
    } catch (error) {
      const { responseCode = 0, message } = error as Error & { responseCode?: number }
      if (responseCode >= 500) throw new Error(`A mail was refused: ${message}`, { cause: error })
      return null
    } finally {
      transport.close()
    }
  }
}

async function countUnended(testbed: Testbed): Promise<number> {
  const { rows } = await testbed.pool.query<{ count: number }>('SELECT count(*)::int AS count FROM message_queue')
  return rows[0]?.count ?? 0
}

export async function readArrivals(testbed: Testbed): Promise<Map<string, number>> {
  const { values } = await testbed.control('GET', `/arrivals?property=${encodeURIComponent(MESSAGE_ID_PROPERTY)}`)
  return new Map(Object.entries(values as Record<string, number>))
}

/** The most requests that one mailbox had under way at once. */
export async function readPeakConcurrency(testbed: Testbed): Promise<number> {
  const { mailboxes } = await testbed.control('GET', '/counters')
  const counts = Object.values(mailboxes as Record<string, { maxConcurrent: number }>)
  return Math.max(0, ...counts.map(({ maxConcurrent }) => maxConcurrent))
}
