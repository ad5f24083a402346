import { createChance } from '../../apps/api/src/test-support/chance.ts'
import { connectDatabase } from '../../apps/api/src/database/database.ts'
import { NO_TRACING } from '../../apps/api/src/tracing.ts'
import { MAX_REQUEST_BYTES } from '../../packages/contract/src/message-input.ts'
import { parseVaultKeys } from '../../packages/m365/src/vault/key-ring.ts'
import { createTokenVault } from '../../packages/m365/src/vault/token-vault.ts'
import type { HistoryEvent } from '../chaos/history/history.ts'
import { openBackends } from './backends.ts'
import { createClients } from './clients.ts'
import { createSimulatedDatabase } from './database.ts'
import { configOf, openDatabase, SENDERS, STARTS_AT, type Ground } from './ground.ts'
import { busy, host, installMachine } from './machine.ts'
import { createMailboxes } from './mailboxes.ts'
import { createMicrosoft, type RecordedRequest, type Upload } from './microsoft.ts'
import { installClients } from './pg-clients.ts'
import { planSchedule, type Plan } from './plan.ts'
import { startProcess, type ProcessDeps, type SimulatedProcess } from './process.ts'
import { CLOCK_SET_BACK, findViolations, STOOD_STILL, type Observed, type Violation } from './rules.ts'
import { createWorld, type Choice, type World } from './world.ts'

export interface Outcome {
  readonly seed: number
  readonly violations: readonly Violation[]
  /** Of everything that happened. */
  readonly hash: string
  /** How many things happened by chance, and what. */
  readonly steps: number
  readonly choices: readonly string[]
  /** Everything that happened. */
  readonly lines: readonly string[]
}

export interface Runner {
  /** Runs a schedule. Of its chance only the first steps happen, where these are given. */
  run(seed: number, steps?: number): Promise<Outcome>
  close(): Promise<void>
}

const NAMES = ['one', 'two'] as const
const RESTART_WEIGHT = 20
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
const WAITS_MS = [0, ...shortly(20), ...Array.from({ length: 12 }, () => [LONG_MS, ...shortly(6)]).flat()]
const NO_DATABASE_FAULTS = { lostBefore: 0, lostAnswer: 0 }
const NO_MICROSOFT_FAULTS = { unreachable: 0, lostBefore: 0, lostAnswer: 0, throttled: 0, unavailable: 0, unclear: 0 }

/** Prepares this Node process, on a database of its own, to run schedules one after the other. */
export async function openRunner(ground: Ground, worker: number): Promise<Runner> {
  installMachine()
  installClients(() => host.getStore() as SimulatedProcess | undefined)
  const stored = await openDatabase(ground, worker)
  await loadPrisma(stored.url)
  const backends = await openBackends(stored.url)
  const keys = parseVaultKeys(configOf(stored.url).vaultKeys ?? '')
  if (keys.outcome !== 'read') throw new Error('The keys of the simulation cannot be read.')
  const opened = {
    tenantId: ground.tenantId,
    keys: { keyRing: keys.keyRing, reload: async () => true, close() {} },
    vault: createTokenVault(keys.keyRing),
    tracing: NO_TRACING,
  }
  return {
    async run(seed, atMost = Number.POSITIVE_INFINITY) {
      const plan = planSchedule(seed)
      await stored.restore(plan.isReadable)
      const config = configOf(stored.url, {
        MAILBOX_CONCURRENCY: String(plan.limits.concurrency),
        MAILBOX_MESSAGES_PER_MINUTE: String(plan.limits.messagesPerMinute),
        MAILBOX_UPLOAD_BYTES_PER_5_MINUTES: String(plan.uploadBytesPer5Minutes),
        TENANT_STORAGE_BYTES: String(plan.storageBytes),
      })
      const world = createWorld({ seed, busy })
      return simulate({ seed, plan, atMost, world, ground, backends, config, opened })
    },
    async close() {
      await backends.close()
      await stored.close()
    },
  }
}

/** Prisma loads its engine from files when it is first used. */
async function loadPrisma(url: string): Promise<void> {
  const database = connectDatabase(url, () => {})
  await database.prisma.installation.findFirst()
  await database.close()
}

async function simulate({
  seed,
  plan,
  atMost,
  world,
  ground,
  backends,
  config,
  opened,
}: {
  seed: number
  plan: Plan
  atMost: number
  world: World
  ground: Ground
  backends: Awaited<ReturnType<typeof openBackends>>
} & Pick<ProcessDeps, 'config' | 'opened'>): Promise<Outcome> {
  let mayFail = true
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
  const database = createSimulatedDatabase({
    world,
    backends,
    startsAt: STARTS_AT,
    faults: () => (mayFail ? plan.database : NO_DATABASE_FAULTS),
  })
  const microsoft = createMicrosoft({
    world,
    mailboxes,
    faults: () => (mayFail ? plan.microsoft : NO_MICROSOFT_FAULTS),
    onRequest: (request) => requests.push(request),
    onUpload: (upload) => uploads.push(upload),
  })
  const deps = { world, database, config, opened, microsoft, startsAt: STARTS_AT }
  let started = 0
  const start = (place: number) =>
    startProcess(NAMES[place] ?? '', seed * 1_000 + ++started, plan.wallOffsetsMs[place] ?? 0, deps)
  const processes = NAMES.map((_name, place) => start(place))
  const frozenAt = new Map<SimulatedProcess, number>()
  /** How many of them are asked. */
  let serving = processes.length
  const clients = createClients({
    seed: seed + 2,
    plan,
    world,
    ground,
    processes: () => processes.slice(0, serving).filter(({ isAlive, isFrozen }) => isAlive && !isFrozen),
    record: (event) => history.push(event),
  })

  const onUnhandled = (error: unknown) =>
    broken.push({
      rule: 'nothing fails unnoticed',
      text: error instanceof Error ? (error.stack ?? error.message) : String(error),
    })
  process.on('unhandledRejection', onUnhandled)
  try {
    clients.start()
    const steps = Math.min(plan.steps, atMost)
    for (let step = 0; step < steps; step++) await world.choose(troubles())
    mayFail = false
    const choices = world.lines.slice()
    await recover()
    await finish()
    const { submitted, followed } = clients
    while (await untilAnswered(clients.readOn()));
    const feed = await untilAnswered(clients.readFeed())
    const overview = await untilAnswered(
      clients.ask({ method: 'GET', url: '/api/v1/overview', headers: clients.service }),
    )
    const endedAt = world.now()
    const observed: Observed = {
      plan,
      history,
      requests,
      uploads,
      mailboxes,
      submitted,
      followed,
      feed,
      overview,
      endedAt,
    }
    broken.push(...findViolations(observed))
    return { seed, violations: broken, hash: world.hash(), steps, choices, lines: world.lines }
  } finally {
    process.off('unhandledRejection', onUnhandled)
    for (const each of processes) each.kill()
    await database.close()
  }

  /** What may happen to processes, clocks and the database. */
  function troubles(): Choice[] {
    const { kill, freeze, stop, databaseAway, clockSetBack, housekeeping } = plan.process
    return [
      ...processes.flatMap((each, place): Choice[] => {
        const { name, isAlive, isFrozen } = each
        if (!isAlive)
          return [{ text: `${name} starts`, weight: RESTART_WEIGHT, run: () => void (processes[place] = start(place)) }]
        if (isFrozen)
          return [
            { text: `${name} goes on`, weight: RESTART_WEIGHT, run: () => thaw(each) },
            { text: `${name} is killed`, weight: kill, run: () => killOne(each) },
          ]
        return [
          { text: `${name} is killed`, weight: kill, run: () => killOne(each) },
          { text: `${name} stands still`, weight: freeze, run: () => freezeOne(each) },
          { text: `${name} is stopped`, weight: stop, run: () => void each.stop() },
          {
            text: `${name} does its housekeeping`,
            weight: housekeeping,
            run: () => each.taskNames.forEach((task) => each.runTask(task)),
          },
        ]
      }),
      database.isAway
        ? { text: 'the database is back', weight: RESTART_WEIGHT, run: () => database.comeBack() }
        : { text: 'the database fails', weight: databaseAway, run: () => database.goAway() },
      {
        text: 'the clock of the database is set back',
        weight: clockSetBack,
        run: setBackClock,
      },
    ]
  }

  function setBackClock(): void {
    database.offsetMs -= SET_BACK_MS
    const at = world.now()
    history.push({ kind: 'fault', fault: CLOCK_SET_BACK, target: 'database', at, endedAt: at, detail: '' })
  }

  function freezeOne(each: SimulatedProcess): void {
    each.freeze()
    frozenAt.set(each, world.now())
  }

  function thaw(each: SimulatedProcess): void {
    each.thaw()
    recordStop(each)
  }

  function killOne(each: SimulatedProcess): void {
    each.kill()
    recordStop(each)
  }

  function recordStop(each: SimulatedProcess): void {
    const at = frozenAt.get(each)
    if (at === undefined) return
    frozenAt.delete(each)
    history.push({ kind: 'fault', fault: STOOD_STILL, target: each.name, at, endedAt: world.now(), detail: '' })
  }

  async function recover(): Promise<void> {
    database.comeBack()
    processes.forEach((each, place) => {
      if (each.isFrozen) thaw(each)
      if (!each.isAlive) processes[place] = start(place)
    })
    await world.calm()
    // One that was being stopped has ended by now.
    processes.forEach((each, place) => {
      if (!each.isAlive) processes[place] = start(place)
    })
    if (!plan.endsAlone) return
    serving = 1
    void processes[1]?.stop()
  }

  /** Lets time pass until everything has ended and been cleaned up. */
  async function finish(): Promise<void> {
    for (const ms of WAITS_MS) {
      world.pass(ms)
      if (!processes[0]?.isAlive) processes[0] = start(0) // its stop had begun before
      await world.calm()
      if (clients.busy() > 0) continue
      if (ms !== SHORT_MS) await untilAnswered(ensureConnected())
      if (await untilAnswered(hasEnded())) {
        world.pass(CACHED_MS)
        break
      }
      if (ms === LONG_MS) for (const each of processes) for (const task of each.taskNames) each.runTask(task)
    }
    for (const [message, { id }] of clients.submitted) if (id) await untilAnswered(clients.read(message, id, true))
  }

  async function ensureConnected(): Promise<void> {
    const url = '/api/v1/tenant-settings/office365-smtp'
    const settings = await clients.ask({ method: 'GET', url, headers: clients.admin })
    if (settings?.json?.status !== 'connected') await clients.connect(SENDERS[0], true)
  }

  async function hasEnded(): Promise<boolean> {
    const url = '/api/v1/messages?limit=100'
    const listed = await clients.ask({ method: 'GET', url, headers: clients.service })
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
