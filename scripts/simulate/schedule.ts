import { createChance } from '../../apps/api/src/test-support/chance.ts'
import { NO_TRACING } from '../../apps/api/src/runtime/tracing.ts'
import { parseVaultKeys } from '../../packages/m365/src/vault/key-ring.ts'
import { createTokenVault } from '../../packages/m365/src/vault/token-vault.ts'
import type { HistoryEvent } from '../chaos/history/history.ts'
import { openBackends, type Backends } from './backends.ts'
import { createClients, SETTINGS } from './clients.ts'
import { createSimulatedDatabase } from './database.ts'
import { configOf, openDatabase, SENDERS, VAULT_KEYS, type Access } from './ground.ts'
import { busy, host, installMachine } from './machine.ts'
import { createMailboxes } from './mailboxes.ts'
import { createMicrosoft, type RecordedRequest, type Upload } from './microsoft.ts'
import { installClients } from './pg-clients.ts'
import { planSchedule, type Circumstances, type Plan } from './plan.ts'
import { startProcess, type ProcessDeps, type SimulatedProcess } from './process.ts'
import { CLOCK_SET_BACK, findViolations, STALLED, STOOD_STILL, type Violation } from './rules.ts'
import { choice, createWorld, type Choice } from './world.ts'

export type Outcome = Awaited<ReturnType<typeof simulate>>

const NAMES = ['one', 'two'] as const
const COMES_BACK_WEIGHT = 20
/** By then everything that is told is counted anew. */
const CACHED_MS = 60_000
/** It is not set forward again: what was used before would no longer count. So it is less than a schedule lasts. */
const SET_BACK_MS = 10 * 60_000
/** Processes that look less often take themselves for frozen, or the database for away, and take nothing over. */
const SHORT_MS = 8_000
/** What was uploaded no longer counts then. */
const LONG_MS = 320_000
/** How often time passes at most, once nothing goes wrong any more, until everything has ended; each time so often, for long. */
const MOST_WAITS = 200
const WAITS_UNTIL_LONG = 7
/** In so many a process is taken for dead that ended before; whoever owns the mailbox then stays so for as many. */
const LOOKS_AT_OWNER = 8

/**
 * Prepares this Node process, on a database of its own, to run schedules one after the other. Of the chance of a schedule only
 * the first steps happen, where these are given.
 */
export async function openRunner(serverUrl: string, worker: string, circumstances?: Circumstances) {
  installMachine()
  installClients(() => host.getStore() as SimulatedProcess | undefined)
  const parsed = parseVaultKeys(VAULT_KEYS)
  if (parsed.outcome !== 'read') throw new Error('The keys of the simulation cannot be read.')
  const keys = { keyRing: parsed.keyRing, reload: async () => true, close() {} }
  const vault = createTokenVault(keys.keyRing)
  const stored = await openDatabase(serverUrl, worker, vault)
  const backends = await openBackends(stored.url)
  return async (seed: number, atMost = Number.POSITIVE_INFINITY) => {
    const plan = planSchedule(seed, circumstances)
    const access = await stored.begin(plan.isReadable)
    const config = configOf(plan.isAlone ? '' : stored.url, {
      MAILBOX_CONCURRENCY: String(plan.limits.concurrency),
      MAILBOX_MESSAGES_PER_MINUTE: String(plan.limits.messagesPerMinute),
      MAILBOX_UPLOAD_BYTES_PER_5_MINUTES: String(plan.uploadBytesPer5Minutes),
      TENANT_STORAGE_BYTES: String(plan.storageBytes),
    })
    const opened = { tenantId: access.tenantId, keys, vault, tracing: NO_TRACING }
    return simulate(seed, plan, Math.min(plan.steps, atMost), access, backends, { config, opened })
  }
}

async function simulate(
  seed: number,
  plan: Plan,
  steps: number,
  access: Access,
  backends: Backends,
  installation: Pick<ProcessDeps, 'config' | 'opened'>,
) {
  const world = createWorld(seed, busy, plan.pace)
  const history: HistoryEvent[] = []
  const requests: RecordedRequest[] = []
  const uploads: Upload[] = []
  const broken: Violation[] = []
  const log: string[] = []
  const mailboxes = createMailboxes(world.now, plan, createChance(seed + 1))
  const database = createSimulatedDatabase(world, backends, plan, (since) => recordFault(STALLED, since))
  const fetchOf = createMicrosoft(world, mailboxes, plan, requests, uploads)
  const deps = { ...installation, world, database, fetchOf, log }
  let started = 0
  const start = (place: number) => {
    const name = NAMES[place] ?? 'one'
    return startProcess(name, seed * 1_000 + ++started, plan.wallOffsetsMs[name], deps)
  }
  const processes = NAMES.slice(0, plan.isAlone ? 1 : undefined).map((_name, place) => start(place))
  /** How many of them are asked. */
  let serving = processes.length
  const asked = () => processes.slice(0, serving).filter(({ isAlive, isFrozen }) => isAlive && !isFrozen)
  const clients = createClients(seed + 2, plan, world, access, asked, history)

  const onUnhandled = (error: unknown) =>
    broken.push({ rule: 'nothing fails unnoticed', text: String(error instanceof Error ? error.stack : error) })
  process.on('unhandledRejection', onUnhandled)
  try {
    void clients.start()
    for (let step = 0; step < steps; step++) await world.choose(troubles())
    const choices = world.lines.slice()
    await recover()
    await finish()
    while (await untilAnswered(clients.readOn())); // to its end
    const feed = await untilAnswered(clients.readFeed())
    const overview = await untilAnswered(clients.get('/api/v1/overview'))
    if (!plan.endsAlone) await watchOwner()
    broken.push(...findViolations({ ...clients, plan, history, requests, uploads, mailboxes, feed, overview, log }))
    return {
      violations: broken,
      /** How many things happened by chance, and what. */
      steps,
      choices,
      /** Everything that happened. */
      lines: world.lines,
    }
  } finally {
    process.off('unhandledRejection', onUnhandled)
    for (const each of processes) each.kill()
    await database.close()
  }

  /** What may happen to processes, clocks and the database. */
  function troubles(): Choice[] {
    const { kill, stop, databaseAway, clockSetBack, housekeeping, goesOn: again, sleeps, returns } = plan.process
    return [
      ...processes.flatMap((each, place): Choice[] => {
        const { name, isAlive, isFrozen, frozenAt } = each
        if (!isAlive) return [choice(`${name} starts`, () => void (processes[place] = start(place)), again)]
        const isKilled = choice(`${name} is killed`, () => end(each), kill)
        if (isFrozen)
          return [
            choice(`${name} goes on`, () => goOn(each), again + (isSending(frozenAt) ? returns : 0)),
            isKilled,
            choice(`${name} stands still for ${SHORT_MS} ms`, letOthersWork, sleeps),
          ]
        return [
          isKilled,
          choice(`${name} is stopped`, () => void each.stop(), stop),
          choice(`${name} does its housekeeping`, () => each.doHousekeeping(), housekeeping),
        ]
      }),
      database.isAway()
        ? choice('the database is back', () => database.comeBack(), COMES_BACK_WEIGHT)
        : choice('the database fails', () => database.goAway(), databaseAway),
      choice('the clock of the database is set back', setBackClock, clockSetBack),
    ]
  }

  /** Whether a message is on the wire since then. */
  function isSending(since: number | null): boolean {
    return (
      since !== null &&
      requests.some(({ endpoint, begunAt, endedAt }) => endpoint !== 'other' && begunAt > since && endedAt === Infinity)
    )
  }

  async function letOthersWork(): Promise<void> {
    world.pass(SHORT_MS)
    await world.calm()
  }

  function setBackClock(): void {
    database.setClockBack(SET_BACK_MS)
    recordFault(CLOCK_SET_BACK, world.now())
  }

  function end(each: SimulatedProcess): void {
    each.kill()
    goOn(each)
  }

  function goOn(each: SimulatedProcess): void {
    const at = each.thaw()
    if (at !== null) recordFault(STOOD_STILL, at)
  }

  function recordFault(fault: string, at: number): void {
    history.push({ kind: 'fault', fault, target: '', at, endedAt: world.now(), detail: '' })
  }

  async function recover(): Promise<void> {
    database.comeBack()
    processes.forEach(goOn)
    startAgain()
    await world.calm()
    startAgain() // one that was being stopped has ended by now
    clients.hurry()
    if (!plan.endsAlone) return
    serving = 1
    void processes[1]?.stop()
  }

  function startAgain(): void {
    for (let place = 0; place < serving; place++) if (!processes[place]?.isAlive) processes[place] = start(place)
  }

  /** Lets time pass until everything has ended and been cleaned up. */
  async function finish(): Promise<void> {
    for (let waits = 1; waits <= MOST_WAITS; waits++) {
      const isLong = waits % WAITS_UNTIL_LONG === 0
      world.pass(isLong ? LONG_MS : SHORT_MS)
      startAgain() // a stop may have begun before
      if (isLong) doHousekeeping()
      await world.calm()
      if (clients.isBusy()) continue
      if (isLong) await untilAnswered(ensureConnected())
      if (await untilAnswered(hasEnded())) break
    }
    doHousekeeping() // which recounts
    await world.calm()
    world.pass(CACHED_MS)
    for (const [message, { ids }] of clients.submitted)
      if (ids[0]) await untilAnswered(clients.read(message, ids[0], true))
  }

  function doHousekeeping(): void {
    for (const each of processes) each.doHousekeeping()
  }

  async function watchOwner(): Promise<void> {
    for (let looks = 0; looks < 2 * LOOKS_AT_OWNER; looks++) {
      world.pass(SHORT_MS)
      await world.calm()
      if (looks >= LOOKS_AT_OWNER) await untilAnswered(clients.lookAtOwner())
    }
  }

  async function ensureConnected(): Promise<void> {
    const settings = await clients.get(SETTINGS, clients.admin)
    if (settings?.json?.status !== 'connected') await clients.connect(SENDERS[0])
  }

  async function hasEnded(): Promise<boolean> {
    const listed = await clients.get('/api/v1/messages?limit=100')
    const statuses = (listed?.json?.items as { status: string }[] | undefined)?.map(({ status }) => status)
    const isOver = statuses?.every((status) => ['sent', 'failed', 'cancelled'].includes(status)) ?? false
    return isOver && mailboxes.drafts().length === 0
  }

  /** Lets everything happen that an answer needs. */
  async function untilAnswered<Result>(asked: Promise<Result>): Promise<Result> {
    let isAnswered = false
    const answer = asked.finally(() => (isAnswered = true))
    for (;;) {
      await world.calm()
      if (isAnswered) return answer
      world.pass(1_000)
    }
  }
}
