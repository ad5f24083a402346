import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { untilEnded } from '../../testbed/service.ts'
import { openTestbed, type Testbed } from '../../testbed/testbed.ts'
import { createRandom, type Random } from '../random.ts'
import { check } from './check.ts'
import { FAULT_KINDS, planFaults } from './faults.ts'
import {
  deliveriesByMessage,
  finalReads,
  type History,
  type Limits,
  type TenantFacts,
  type Violation,
} from './history.ts'
import { createInjector } from './inject.ts'
import { createMessages, type Sender } from './messages.ts'
import { startPostgresPair } from './postgres-pair.ts'
import { createRecorder, readEvents, type Recorder } from './recorder.ts'
import { CANDIDATES, signInAdmin, type SettingsAdmin } from './settings.ts'
import { followSimulator } from './simulator-log.ts'
import { openSite } from './site.ts'

const MINUTE_MS = 60_000
const LIMITS: Limits = { concurrency: 4, messagesPerMinute: 60, recipientsPerDay: 2_500 }
const READABLE = 4
const SEND_ONLY = 4
const OVER_LIMIT_RECIPIENTS = 100
const MOST_OVER_LIMIT = 40
const SUBMIT_EVERY_MS = 170
const OVER_LIMIT_EVERY = 30
const READ_EVERY_MS = 100
const CHANGE_EVERY_MS = { min: 15_000, max: 40_000 }
/** Covers the look-up of a copy that may never appear, which takes over ten minutes. */
const SETTLE_FOR_AT_MOST_MS = 16 * MINUTE_MS
const SETTLE_LOOK_EVERY_MS = 500
const MOST_SHOWN = 20
const MOST_LINES_SHOWN = 6

export interface HistoryOptions {
  readonly seed: number
  readonly minutes: number
  /** The kinds of fault to draw from. */
  readonly only: readonly string[]
}

/**
 * Runs several processes of the product on a PostgreSQL with a standby, under load and faults drawn from a seed, and
 * records everything asked, answered and accepted in a file. Then checks every rule on that file; resolves to whether
 * none was broken.
 */
export async function runHistory(options: HistoryOptions): Promise<boolean> {
  const { seed, minutes, only } = options
  const path = join(tmpdir(), `inforiver-mail-history-${seed}-${process.pid}.jsonl`)
  console.log(
    `history: seed ${seed}, ${minutes} minutes; repeat it with --seed ${seed} --minutes ${minutes}${only.length < FAULT_KINDS.length ? ` --only ${only.join(',')}` : ''}`,
  )
  const startedAt = Date.now()
  const recorder = createRecorder(path)
  const summary = await record({ ...options, recorder })
  await recorder.close()
  const { history, violations } = check(await readEvents(path))
  report(history, violations, summary, Math.round((Date.now() - startedAt) / 1_000))
  const isRight = violations.length === 0 && summary.problems.length === 0
  if (isRight) await rm(path)
  else console.log(`  the history is in ${path}; check it again with --check ${path}`)
  return isRight
}

/** Checks the rules on a recorded history. */
export async function checkHistory(path: string): Promise<boolean> {
  const { history, violations } = check(await readEvents(path))
  report(history, violations, null, 0)
  return violations.length === 0
}

interface Summary {
  readonly faults: ReadonlyMap<string, number>
  readonly problems: readonly string[]
  /** Counts by reason. Each start was tried again. */
  readonly failedStarts: ReadonlyMap<string, number>
}

async function record({
  seed,
  minutes,
  only,
  recorder,
}: HistoryOptions & { readonly recorder: Recorder }): Promise<Summary> {
  const pair = await startPostgresPair()
  await using testbed = await openTestbed({ openDatabase: async () => pair })
  const over = new AbortController()
  using ending = new DisposableStack()
  ending.defer(() => over.abort())
  const failedStarts: string[] = []
  const others = await addTenants(testbed)
  const site = await openSite(testbed, {
    pair,
    limits: LIMITS,
    over: over.signal,
    onFailedStart: (reason) => failedStarts.push(reason),
  })
  await Promise.all(site.slots.map((_slot, index) => site.start(index)))
  const tenant = await readInstallationTenant(testbed)
  const tenants = [...others.map(({ facts }) => facts), changingTenant(tenant)]
  recorder.write({ kind: 'run', at: Date.now(), seed, minutes, limits: LIMITS, tenants })
  const log = followSimulator(testbed, recorder)
  const admin = await signInAdmin(site, { tenant, recorder, random: createRandom(seed + 1) })
  const serviceKey = await admin.createServiceKey()
  await admin.ensureConnected()
  const messages = createMessages(site, recorder, createRandom(seed + 2))
  const faults = createInjector(planFaults(seed, minutes, only), { pair, testbed, site, recorder, seed })

  await faults.begin()
  const changing = { tenant, serviceKey, takesLarge: false, recipients: 1, mayWait: false }
  const senders = [...others.map(({ sender }) => sender), changing]
  await work({ senders, messages, admin, recorder, random: createRandom(seed + 3), forMs: minutes * MINUTE_MS })
  await faults.end()

  await messages.settle()
  await admin.ensureConnected()
  await untilSettled(testbed, () => site.apiUrl(0), senders)
  await messages.readAll()
  await faults.stopWatching()
  await site.close()
  await log.stop()
  return {
    faults: faults.counts,
    problems: faults.problems,
    failedStarts: countBy(failedStarts.map(firstErrorOf)),
  }
}

/** Tenants with Mail.ReadWrite, with Mail.Send alone, and one beyond its daily recipients. */
async function addTenants(testbed: Testbed): Promise<{ facts: TenantFacts; sender: Sender }[]> {
  const readable = await testbed.addTenants(READABLE, { largeAttachments: true })
  const sendOnly = await testbed.addTenants(SEND_ONLY, { largeAttachments: false, firstPerson: READABLE + 1 })
  const overLimit = await testbed.addTenants(1, { largeAttachments: true, firstPerson: READABLE + SEND_ONLY + 1 })
  return [...readable, ...sendOnly, ...overLimit].map((tenant) => {
    const isReadable = !sendOnly.includes(tenant)
    const mayWait = overLimit.includes(tenant)
    const { id, address, serviceKey } = tenant
    return {
      facts: { tenant: id, senders: [{ address, mailbox: address }], sender: address, searchable: isReadable },
      sender: {
        tenant: id,
        serviceKey,
        takesLarge: isReadable && !mayWait,
        recipients: mayWait ? OVER_LIMIT_RECIPIENTS : 1,
        mayWait,
      },
    }
  })
}

function changingTenant(tenant: string): TenantFacts {
  const senders = CANDIDATES.map(({ address, mailbox }) => ({ address, mailbox }))
  return { tenant, senders, sender: null, searchable: false }
}

async function readInstallationTenant(testbed: Testbed): Promise<string> {
  const { rows } = await testbed.pool.query<{ tenant: string }>('SELECT tenant_id AS tenant FROM installation')
  return rows[0]?.tenant ?? ''
}

interface Work {
  readonly senders: readonly Sender[]
  readonly messages: ReturnType<typeof createMessages>
  readonly admin: SettingsAdmin
  readonly recorder: Recorder
  readonly random: Random
  readonly forMs: number
}

/** Services submit and read, and the admin changes settings, for `forMs`. */
async function work({ senders, messages, admin, recorder, random, forMs }: Work): Promise<void> {
  const endsAt = Date.now() + forMs
  const goesOn = () => Date.now() < endsAt && !recorder.isFull()
  const ordinary = senders.filter(({ mayWait }) => !mayWait)
  const beyond = senders.filter(({ mayWait }) => mayWait)
  const submitting = async (): Promise<void> => {
    for (let round = 0; goesOn(); round++) {
      const sender = ordinary[round % ordinary.length]
      if (sender) messages.submit(sender)
      const isTimeForMore = round % OVER_LIMIT_EVERY === 0 && round / OVER_LIMIT_EVERY < MOST_OVER_LIMIT
      if (isTimeForMore) for (const each of beyond) messages.submit(each)
      await delay(SUBMIT_EVERY_MS)
    }
  }
  const reading = async (): Promise<void> => {
    for (; goesOn(); await delay(READ_EVERY_MS)) messages.readOne()
  }
  const changing = async (): Promise<void> => {
    while (goesOn()) {
      const waitMs = random.between(CHANGE_EVERY_MS.min, CHANGE_EVERY_MS.max)
      await delay(Math.min(waitMs, Math.max(0, endsAt - Date.now())))
      if (goesOn()) await admin.change()
    }
  }
  await Promise.all([submitting(), reading(), changing()])
}

/** Waits until every message has ended, except those beyond a limit, of which none may be on the wire. */
async function untilSettled({ control }: Testbed, url: () => string | null, senders: readonly Sender[]): Promise<void> {
  const ordinary = senders.filter(({ mayWait }) => !mayWait)
  await untilEnded(url, ordinary, { withinMs: SETTLE_FOR_AT_MOST_MS })
  for (const giveUpAt = Date.now() + MINUTE_MS; Date.now() < giveUpAt; await delay(SETTLE_LOOK_EVERY_MS)) {
    const { mailboxes } = await control('GET', '/counters')
    if (Object.values(mailboxes as Record<string, { inFlight: number }>).every(({ inFlight }) => inFlight === 0)) return
  }
}

function report(history: History, violations: readonly Violation[], summary: Summary | null, seconds: number): void {
  const { run, submits, changes, requests, faults } = history
  const accepted = submits.filter(({ outcome }) => outcome === 'accepted').length
  const deliveries = deliveriesByMessage(history)
  const finals = finalReads(history)
  const doubled = [...deliveries].filter(([, delivered]) => delivered.length > 1)
  const flagged = doubled.filter(([message]) => finals.get(message)?.possibleDuplicate)
  const isRight = violations.length === 0 && (summary?.problems.length ?? 0) === 0
  const counted = summary?.faults ?? countBy(faults.map(({ fault }) => fault))
  console.log(
    `${isRight ? '✓' : '✗'} history, seed ${run.seed}, ${run.minutes} minutes: ${submits.length} submits, ${accepted} accepted; ` +
      `${deliveries.size} delivered, ${doubled.length} of them more than once (${flagged.length} flagged); ended as ${list(countBy([...finals.values()].map(({ status }) => status ?? 'not found')))}; ` +
      `${changes.length} changes of the sender (${list(countBy(changes.map(({ outcome }) => outcome)))}); ${requests.length} requests to mailboxes; ` +
      `faults: ${list(counted)}; ${violations.length} violations; ${seconds} s`,
  )
  if (summary && summary.failedStarts.size > 0) console.log(`  starts that failed: ${list(summary.failedStarts)}`)
  for (const problem of summary?.problems ?? []) console.log(`  ${problem}`)
  for (const [rule, broken] of Map.groupBy(violations, (violation) => violation.rule)) {
    console.log(`  ${broken.length} × ${rule}`)
    for (const { text, lines } of broken.slice(0, MOST_SHOWN)) {
      const shown = lines.slice(0, MOST_LINES_SHOWN)
      console.log(`    ${text} (lines ${shown.join(', ')}${lines.length > shown.length ? ', …' : ''})`)
    }
  }
}

/** The line of a stack trace that names the error. */
function firstErrorOf(reason: string): string {
  const lines = reason.split('\n').slice(1)
  return lines.find((line) => /^\w*Error: /.test(line)) ?? reason.split('\n').slice(0, 2).join(' ')
}

function countBy(names: readonly string[]): Map<string, number> {
  return new Map([...Map.groupBy(names, (name) => name)].map(([name, same]) => [name, same.length]))
}

function list(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([name, count]) => `${count} ${name}`).join(', ') || 'none'
}
