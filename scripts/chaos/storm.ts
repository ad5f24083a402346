import { randomBytes, randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import nodemailer from 'nodemailer'
import { freePort } from '../../packages/m365/src/test-support/free-port.ts'
import type { Process } from '../testbed/processes.ts'
import { callApi, compareArrivals, readMessages, submitJson, untilEnded } from '../testbed/service.ts'
import type { AccessKind, Tenant } from '../testbed/tenants.ts'
import { openTestbed, type Testbed } from '../testbed/testbed.ts'

const CLIENTS = 4
const MAILBOXES = 8 // a pause that Microsoft asks for stops one of them only
const MOST_AT_ONCE = 4
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

export const FAULT_RATES = {
  throttled: 0.1,
  unavailable: 0.05,
  resetBefore: 0.03,
  resetAfter: 0.03,
  gatewayTimeoutAfter: 0.02,
}

export const PROTOCOLS = ['rest', 'smtp'] as const

interface Storm {
  readonly protocol: (typeof PROTOCOLS)[number]
  readonly access: AccessKind
  /** Whether the grant has Mail.ReadWrite, with which the worker can look up an unknown outcome. */
  readonly readable: boolean
}

const STORMS: readonly Storm[] = [
  { protocol: 'rest', access: { graphAuth: 'delegated', credential: 'client secret' }, readable: true },
  { protocol: 'rest', access: { graphAuth: 'delegated', credential: 'certificate' }, readable: false },
  { protocol: 'rest', access: { graphAuth: 'application', credential: 'certificate' }, readable: true },
  { protocol: 'smtp', access: { graphAuth: 'application', credential: 'client secret' }, readable: true },
]

/**
 * Sends messages through two workers while Microsoft fails at random, processes are killed and the vault's key is
 * changed: by REST and by SMTP, with and without Mail.ReadWrite, with every kind of access.
 */
export async function runStorms(messages: number, by: readonly string[]): Promise<boolean> {
  let right = true
  for (const each of STORMS) if (by.includes(each.protocol)) right = (await run(messages, each)) && right
  return right
}

async function run(messages: number, { access, readable, protocol }: Storm): Promise<boolean> {
  await using testbed = await openTestbed({ access })
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
  const { accepted, stored, sent, lost, doubled, flaggedDoubles, peakConcurrency, keyTrouble } = tally
  const right =
    [accepted, stored, sent].every((count) => count === messages) &&
    lost === 0 &&
    doubled === (readable ? 0 : flaggedDoubles) &&
    peakConcurrency <= MOST_AT_ONCE &&
    keyTrouble === null
  console.log(
    `${right ? '✓' : '✗'} storm by ${protocol.toUpperCase()}, ${access.graphAuth} access by ${access.credential}, ${readable ? 'with Mail.ReadWrite' : 'with Mail.Send alone'}: ${accepted} accepted, ${stored} stored, ${sent} read as sent, ${tally.arrived} arrived, ${lost} lost, ${doubled} doubled (${flaggedDoubles} of them flagged), ` +
      `${tally.flagged} flagged in all; at most ${peakConcurrency} at once to a mailbox; ${tally.kills} kills; ${tally.tokenRequests} token requests; ${keyTrouble ?? 'vault key changed cleanly'}; ${tally.seconds} s`,
  )
  return right
}

interface Slot {
  readonly role: 'api' | 'worker'
  process: Process | null
}

async function storm(testbed: Testbed, tenants: readonly Tenant[], messages: number, protocol: Storm['protocol']) {
  const { control } = testbed
  const startedAt = Date.now()
  const smtpPort = await freePort()
  const environment = {
    MAILBOX_MESSAGES_PER_MINUTE: '0',
    MAILBOX_RECIPIENTS_PER_DAY: '0',
    ...(protocol === 'smtp' && { SMTP_LISTEN_PORT: String(smtpPort) }),
  }
  const start = (role: Slot['role'], vaultKeys: string) =>
    testbed.start(role, { ...environment, VAULT_KEYS: vaultKeys })
  const roles = ['api', 'worker', 'worker'] as const
  const slots: Slot[] = []
  for (const role of roles) slots.push({ role, process: await start(role, testbed.vaultKeys) })
  const url = () => slots[0]?.process?.url
  const submitOnce = protocol === 'smtp' ? submitBySmtp(smtpPort) : submitByRest(url)
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
      if (round >= 2) resealed ||= await rotate(testbed, sealing)
      const { process } = slot
      slot.process = null
      await process.kill()
      kills += 1
      slot.process = await start(slot.role, round === 0 ? known : sealing)
    }
  })()

  const clients = Array.from({ length: CLIENTS }, (_, client) => submitAll(tenants, messages, submitOnce, client))
  const accepted = (await Promise.all(clients)).flat()
  await untilEnded(url, tenants, {
    withinMs: deliverForAtMostMs(messages),
    onLook(left) {
      if (left >= messages * CALM_BELOW || over.signal.aborted) return
      over.abort()
      void control('PATCH', '/settings', { faultRates: {} })
    },
  })
  over.abort()
  await killer

  const stored = (await Promise.all(tenants.map((tenant) => readMessages(url() ?? '', tenant)))).flat()
  for (const { process } of slots) await process?.stop()
  const flagged = new Set(stored.filter(({ possibleDuplicate }) => possibleDuplicate).map(({ id }) => id))
  const unprepared = stored.filter(({ attempts }) =>
    attempts.some(({ detail }) => detail?.startsWith('It could not be prepared')),
  )
  const { arrived, lost, doubled } = await compareArrivals(control, accepted)
  const { endpoints, mailboxes } = await control('GET', '/counters')
  return {
    accepted: new Set(accepted).size,
    /** More than were submitted, where a repetition was not recognised. */
    stored: stored.length,
    sent: stored.filter(({ status }) => status === 'sent').length,
    arrived,
    lost: lost.length,
    doubled: doubled.length,
    flaggedDoubles: doubled.filter((id) => flagged.has(id)).length,
    flagged: flagged.size,
    /** The most requests that one mailbox had under way at once. */
    peakConcurrency: Math.max(
      ...Object.values(mailboxes as Record<string, { maxConcurrent: number }>).map(
        ({ maxConcurrent }) => maxConcurrent,
      ),
    ),
    kills,
    tokenRequests: (endpoints.token?.requests ?? 0) as number,
    seconds: Math.round((Date.now() - startedAt) / 1_000),
    keyTrouble:
      unprepared.length > 0
        ? `${unprepared.length} messages could not be prepared, perhaps for want of a vault key`
        : // A short storm is over before every process has been restarted twice.
          !resealed && !(await rotate(testbed, sealing))
          ? 'what the old vault key sealed could not be sealed with the new one'
          : await findKeyTrouble(testbed, newKey),
  }
}

/** Null where the new key alone suffices. */
function findKeyTrouble(testbed: Testbed, newKey: string): Promise<string | null> {
  return testbed.start('api', { VAULT_KEYS: newKey }).then(
    (process) => process.stop().then(() => null),
    (error: Error) => `a start with the new vault key alone failed: ${error.message}`,
  )
}

/** Seals everything stored with the first of these keys. Resolves to whether that succeeded. */
export async function rotate(testbed: Testbed, vaultKeys: string): Promise<boolean> {
  const { code, output } = await testbed.command(['vault', 'rotate'], { VAULT_KEYS: vaultKeys }).ended
  if (code !== 0) console.error(output)
  return code === 0
}

interface Submission {
  readonly tenant: Tenant
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
    const tenant = tenants[index % tenants.length]
    if (!tenant) break
    const key = randomUUID()
    for (let id: string | null = null; id === null;) {
      if (Date.now() > giveUpAt) return ids
      id = await submitOnce({ tenant, key, index })
      if (id === null) await delay(100)
      else ids.push(id)
    }
    await delay(20) // spread over the storm
  }
  return ids
}

function submitByRest(url: () => string | undefined): SubmitOnce {
  return async ({ tenant, key, index }) => {
    const message = { to: [`someone-${index}@example.com`], subject: `Message ${index}`, text: 'Chaos.' }
    const answer = await callApi(url(), tenant, '/messages', submitJson(message, key))
    if (answer === null || answer.status >= 500) return null
    if (answer.status === 202) return answer.json.id
    throw new Error(`A submit was refused with ${answer.status}: ${JSON.stringify(answer.json)}`)
  }
}

/** Sends the same bytes each time, as a client does that repeats a mail from its spool. */
function submitBySmtp(port: number): SubmitOnce {
  return async ({ tenant, key, index }) => {
    const transport = nodemailer.createTransport({
      host: '127.0.0.1',
      port,
      auth: { user: 'storm', pass: tenant.serviceKey },
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
