import { createChance } from '../../apps/api/src/test-support/chance.ts'
import { NO_TRACING } from '../../apps/api/src/runtime/tracing.ts'
import { DRIFT } from '../../apps/api/src/compose-background.ts'
import { MAX_REQUEST_BYTES } from '../../packages/contract/src/message-input.ts'
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

export interface Outcome {
  readonly violations: readonly Violation[]
  /** Of everything that happened. */
  readonly hash: string
  /** How many things happened by chance, and what. */
  readonly steps: number
  readonly choices: readonly string[]
  /** Everything that happened. */
  readonly lines: readonly string[]
}

/** Runs a schedule. Of its chance only the first steps happen, where these are given. */
export type Runner = (seed: number, steps?: number) => Promise<Outcome>

const NAMES = ['one', 'two'] as const
const COMES_BACK_WEIGHT = 20
/** A smaller limit than Graph's, so that small files are uploaded, where drafts are allowed. */
const SHORT_REQUEST_BYTES = 60_000
/** By then everything that is told is counted anew. */
const CACHED_MS = 60_000
/** It is not set forward again: what was used before would no longer count. So it is less than a schedule lasts. */
const SET_BACK_MS = 10 * 60_000
/** Processes that look less often take themselves for frozen, or the database for away, and take nothing over. */
const SHORT_MS = 8_000
/** What was uploaded no longer counts then. */
const LONG_MS = 320_000
const shortly = (times: number) => Array.from({ length: times }, () => SHORT_MS)
/** How time passes once nothing goes wrong any more, until everything has ended. */
const WAITS_MS = [0, ...shortly(20), ...Array.from({ length: 24 }, () => [LONG_MS, ...shortly(6)]).flat()]
/** In so many a process is taken for dead that ended before; whoever owns the mailbox then stays so for as many. */
const LOOKS_AT_OWNER = 8

/** Whether nothing keeps an owner from renewing. */
function isUndisturbed({ database, process: { kill, freeze, stop, databaseAway }, pace }: Plan): boolean {
  const faults = [...Object.values(database), kill, freeze, stop, databaseAway, pace.hanging, pace.leaps]
  return faults.every((weight) => weight === 0)
}

/** Prepares this Node process, on a database of its own, to run schedules one after the other. */
export async function openRunner(serverUrl: string, worker: number, circumstances?: Circumstances): Promise<Runner> {
  installMachine()
  installClients(() => host.getStore() as SimulatedProcess | undefined)
  const parsed = parseVaultKeys(VAULT_KEYS)
  if (parsed.outcome !== 'read') throw new Error('The keys of the simulation cannot be read.')
  const keys = { keyRing: parsed.keyRing, reload: async () => true, close() {} }
  const vault = createTokenVault(keys.keyRing)
  const stored = await openDatabase(serverUrl, worker, vault)
  const backends = await openBackends(stored.url)
  return async (seed, atMost = Number.POSITIVE_INFINITY) => {
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
): Promise<Outcome> {
  const world = createWorld(seed, busy, plan.pace)
  const history: HistoryEvent[] = []
  const requests: RecordedRequest[] = []
  const uploads: Upload[] = []
  const broken: Violation[] = []
  const draw = createChance(seed + 1)
  const mailboxes = createMailboxes({
    now: world.now,
    mostRequestBytes: plan.isReadable ? SHORT_REQUEST_BYTES : MAX_REQUEST_BYTES,
    copyAppearsInMs: () => Math.floor(draw() * plan.copyMs),
  })
  const database = createSimulatedDatabase(world, backends, { ...plan.database, ...plan.process }, (since) =>
    recordFault(STALLED, since),
  )
  const fetchOf = createMicrosoft(
    { world, mailboxes, faults: plan.microsoft, hanging: plan.pace.hangingRequests },
    requests,
    uploads,
  )
  const drifts: string[] = []
  const log = (line: string) => {
    if (line.includes(DRIFT)) drifts.push('a recount corrected the counters')
  }
  const deps = { ...installation, world, database, fetchOf, log }
  let started = 0
  const start = (place: number) => {
    const name = NAMES[place] ?? 'one'
    return startProcess(name, seed * 1_000 + ++started, plan.wallOffsetsMs[name], deps)
  }
  const processes = NAMES.slice(0, plan.isAlone ? 1 : undefined).map((_name, place) => start(place))
  /** How many of them are asked. */
  let serving = processes.length
  const isAsked = ({ isAlive, isFrozen }: SimulatedProcess) => isAlive && !isFrozen
  const asked = () => processes.slice(0, serving).filter(isAsked)
  const clients = createClients(seed + 2, { plan, world, access, processes: asked, history })

  const onUnhandled = (error: unknown) =>
    broken.push({ rule: 'nothing fails unnoticed', text: String(error instanceof Error ? error.stack : error) })
  process.on('unhandledRejection', onUnhandled)
  try {
    clients.start()
    for (let step = 0; step < steps; step++) await world.choose(troubles())
    const choices = world.lines.slice()
    await recover()
    await finish()
    const { submitted, followed } = clients
    while (await untilAnswered(clients.readOn())); // to its end
    const feed = await untilAnswered(clients.readFeed())
    const overview = await untilAnswered(clients.get('/api/v1/overview'))
    const atLast = plan.endsAlone ? [] : await watchOwner()
    const owners = isUndisturbed(plan) ? [...clients.owners, ...atLast] : atLast
    const known = { plan, history, requests, uploads, mailboxes, submitted, followed, feed, overview, owners, drifts }
    broken.push(...findViolations(known))
    return { violations: broken, hash: world.hash(), steps, choices, lines: world.lines }
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
    for (const ms of WAITS_MS) {
      world.pass(ms)
      startAgain() // a stop may have begun before
      await world.calm()
      if (clients.busy() > 0) continue
      if (ms !== SHORT_MS) await untilAnswered(ensureConnected())
      if (await untilAnswered(hasEnded())) {
        for (const each of processes) each.doHousekeeping() // which recounts
        await world.calm()
        world.pass(CACHED_MS)
        break
      }
      if (ms === LONG_MS) for (const each of processes) each.doHousekeeping()
    }
    for (const [
      message,
      {
        ids: [id],
      },
    ] of clients.submitted)
      if (id) await untilAnswered(clients.read(message, id, true))
  }

  async function watchOwner(): Promise<string[]> {
    const seen: string[] = []
    for (let looks = 0; looks < 2 * LOOKS_AT_OWNER; looks++) {
      world.pass(SHORT_MS)
      const overview = await untilAnswered(clients.get('/api/v1/overview'))
      seen.push(JSON.stringify(overview?.json?.sendingProcess ?? null))
    }
    return seen.slice(LOOKS_AT_OWNER)
  }

  async function ensureConnected(): Promise<void> {
    const settings = await clients.get(SETTINGS, clients.admin)
    if (settings?.json?.status !== 'connected') await clients.connect(SENDERS[0], true)
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
