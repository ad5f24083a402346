import { nextTick } from 'node:process'
import type pg from 'pg'
import { awaitMachine } from './machine.ts'
import type { Answer, Backend, Backends, DatabaseError } from './backends.ts'
import type { Border, Choice, Owner, World } from './world.ts'

// What the code takes for connections to its database: pg's clients, whose statements wait for their turn.

export interface SimulatedDatabase {
  connect(client: pg.Client, process: ConnectedProcess): Connection
  /** Everything that a process had open, when it was killed. */
  abandon(process: ConnectedProcess): void
  /** Nobody can connect, and every connection breaks. */
  goAway(): Promise<void>
  comeBack(): void
  readonly isAway: boolean
  /** The clock of the database, as milliseconds besides the virtual time. */
  offsetMs: number
  /** Ends every transaction that is still open. */
  close(): Promise<void>
}

/** What connections need to know of their process. */
export interface ConnectedProcess extends Owner {
  readonly isAlive: boolean
  /** Runs code on its behalf; not at all when it is dead. */
  run(call: () => void): void
}

export interface Connection {
  submit(statement: Submitted): void
  end(): void
  breakOff(error: DatabaseError): Promise<void>
}

export interface Submitted {
  readonly text: string
  readonly name: string | undefined
  /** Has a real client run it. */
  readonly run: (client: pg.Client) => Promise<unknown>
  readonly deliver: (answer: Answer) => void
}

/** How likely each fault of a statement is, beside 100 for a statement that is carried out. */
export interface DatabaseFaults {
  readonly lostBefore: number
  readonly lostAnswer: number
}

const RUNS_WEIGHT = 100
const RUNS_SLOWLY_WEIGHT = 25

export function createSimulatedDatabase({
  world,
  backends,
  startsAt,
  faults,
}: {
  world: World
  backends: Backends
  startsAt: number
  faults: () => DatabaseFaults
}): SimulatedDatabase {
  const connections = new Set<SimulatedConnection>()
  /** In the order in which they began to wait. */
  const blocked: SimulatedConnection[] = []
  let releasing: Promise<void> = Promise.resolve()
  let isAway = false
  let offsetMs = 0

  class SimulatedConnection implements Connection, Border {
    readonly client: pg.Client
    readonly process: ConnectedProcess
    isOpen = true
    private readonly queue: Submitted[] = []
    private readonly arrived: pg.Notification[] = []
    private answer: Answer | null = null
    backend: Backend | null = null
    private since = 0
    private mayNotify = false
    readonly channels = new Set<string>()

    constructor(client: pg.Client, process: ConnectedProcess) {
      this.client = client
      this.process = process
      world.add(this)
    }

    submit(statement: Submitted): void {
      if (!this.isOpen) {
        const error = new Error('Client has encountered a connection error and is not queryable')
        nextTick(() => statement.deliver({ error }))
        return
      }
      if (this.isOfSession(statement.text)) {
        nextTick(() => this.process.run(() => statement.deliver({ result: NOTHING })))
        return
      }
      this.queue.push(statement)
      if (this.queue.length === 1) world.add(this)
    }

    /** What sets up a session is set up in each backend already. Nobody else sees it, so that it takes no turn. */
    private isOfSession(text: string): boolean {
      const channel = /^LISTEN (\w+)$/.exec(text)?.[1]
      if (channel !== undefined) this.channels.add(channel)
      return channel !== undefined || /^SET (?!LOCAL)/.test(text)
    }

    choices(): readonly Choice[] {
      const { name, isAlive, isFrozen } = this.process
      const [statement] = this.queue
      const waitedMs = world.now() - this.since
      const { lockMs, idleMs } = backends.limits
      if (statement === undefined) {
        const isIdle = this.backend !== null && waitedMs >= idleMs
        const [notification] = this.arrived
        return [
          ...(isIdle
            ? [{ text: `${name}: its transaction was idle`, weight: RUNS_WEIGHT, run: () => this.breakOff(idle()) }]
            : []),
          ...(notification && !isFrozen
            ? [{ text: `${name}: is notified`, weight: RUNS_WEIGHT, run: () => this.beNotified() }]
            : []),
        ]
      }
      const what = `${name}: ${labelOf(statement)}`
      if (this.answer !== null)
        return isFrozen ? [] : [{ text: `${what} is answered`, weight: RUNS_WEIGHT, run: () => this.deliver() }]
      if (blocked.includes(this)) {
        const giveUp = () => this.giveUp('55P03', 'canceling statement due to lock timeout')
        return waitedMs < lockMs
          ? []
          : [{ text: `${what} waits for a lock no longer`, weight: RUNS_WEIGHT, run: giveUp }]
      }
      if (!isAlive)
        return [
          { text: `${what} arrives from a dead process`, weight: RUNS_WEIGHT, run: () => this.run(false) },
          { text: `${what} never arrives`, weight: RUNS_WEIGHT, run: () => this.release() },
        ]
      const { lostBefore, lostAnswer } = faults()
      return [
        { text: what, weight: RUNS_WEIGHT, run: () => this.run(!isFrozen) },
        { text: `${what}, slowly`, weight: RUNS_SLOWLY_WEIGHT, run: () => this.run(false) },
        { text: `${what} does not arrive`, weight: lostBefore, run: () => this.breakOff(reset()) },
        { text: `${what}, and the answer is lost`, weight: lostAnswer, run: () => this.loseAnswer() },
      ]
    }

    private async run(atOnce: boolean): Promise<void> {
      const [statement] = this.queue
      if (statement === undefined) return
      this.backend ??= await backends.take()
      this.since = world.now()
      if (/notify/i.test(statement.text)) this.mayNotify = true
      if (this.mayNotify)
        for (const each of connections) for (const channel of each.channels) await backends.listen(channel)
      const asksForTime = !/^(?:BEGIN|COMMIT|ROLLBACK)/.test(statement.text)
      const at = asksForTime ? new Date(startsAt + world.now() + offsetMs) : null
      const answer = await this.backend.run(statement.run, at)
      world.pass(1)
      if (answer !== null) return this.take(answer, atOnce)
      blocked.push(this)
      world.note(`${this.process.name}: waits for a lock`)
      if (await isDeadlocked(this)) await this.giveUp('40P01', 'deadlock detected')
    }

    /** Keeps the answer until it is delivered. */
    private async take(answer: Answer, atOnce: boolean): Promise<void> {
      this.answer = answer
      this.since = world.now()
      world.note(`${this.process.name}: ${outcomeOf(answer)}`)
      const hasEnded = this.backend !== null && !this.backend.isInTransaction
      if (this.backend !== null && hasEnded) {
        backends.giveBack(this.backend)
        this.backend = null
      }
      if (!this.process.isAlive) await this.release()
      else if (atOnce) this.deliver()
      if (hasEnded) await afterTransaction(this.mayNotify)
      if (hasEnded) this.mayNotify = false
    }

    async look(): Promise<void> {
      const answer = await this.backend?.look()
      if (!answer) return
      blocked.splice(blocked.indexOf(this), 1)
      await this.take(answer, false)
    }

    private async giveUp(code: string, message: string): Promise<void> {
      const answer = await this.backend?.giveUp(code, message)
      blocked.splice(blocked.indexOf(this), 1)
      if (answer) await this.take(answer, false)
    }

    private deliver(): void {
      const { answer } = this
      const statement = this.queue.shift()
      this.answer = null
      this.since = world.now()
      world.add(this)
      if (statement && answer) this.process.run(() => statement.deliver(answer))
    }

    expect(notification: pg.Notification): void {
      if (this.channels.has(notification.channel)) this.arrived.push(notification)
    }

    private beNotified(): void {
      const notification = this.arrived.shift()
      this.process.run(() => this.client.emit('notification', notification))
    }

    private async loseAnswer(): Promise<void> {
      await this.run(false)
      if (!blocked.includes(this)) await this.breakOff(reset())
    }

    end(): void {
      if (!this.isOpen) return
      this.isOpen = false
      releaseInTurn(this)
      nextTick(() => this.process.run(() => this.client.emit('end')))
    }

    async breakOff(error: DatabaseError): Promise<void> {
      if (!this.isOpen) return
      this.isOpen = false
      const failed = this.queue.splice(0)
      await this.release()
      Object.assign(this.client, { _queryable: false, _ended: true })
      this.process.run(() => {
        for (const statement of failed) statement.deliver({ error })
        if (this.client.listenerCount('error') > 0) this.client.emit('error', error)
        nextTick(() => this.client.emit('end'))
      })
    }

    /** PostgreSQL notices that nobody is there any more, and rolls back. */
    async release(): Promise<void> {
      world.remove(this)
      connections.delete(this)
      this.queue.length = 0
      this.answer = null
      const { backend } = this
      this.backend = null
      if (backend === null) return
      if (blocked.includes(this)) blocked.splice(blocked.indexOf(this), 1)
      await backend.rollBack()
      backends.giveBack(backend)
      await afterTransaction(false)
    }

    /** Its process was killed. What is on its way may still arrive, and what waits for a lock goes on. */
    abandon(): void {
      this.isOpen = false
      if (this.answer !== null || this.queue.length === 0) releaseInTurn(this)
    }
  }

  /** Nobody waits for these ends, but what follows waits until they are over. */
  function releaseInTurn(connection: SimulatedConnection): void {
    world.remove(connection)
    releasing = awaitMachine(releasing.then(() => connection.release()))
  }

  async function afterTransaction(mayHaveNotified: boolean): Promise<void> {
    await wake()
    if (!mayHaveNotified) return
    for (const notification of await backends.notifications())
      for (const connection of connections) connection.expect(notification)
  }

  /** Lets those go on whose locks are free, one after the other, in the order in which they began to wait. */
  async function wake(): Promise<void> {
    for (let hasMoved = true; hasMoved;) {
      hasMoved = false
      for (const connection of blocked) {
        if (!(await connection.backend?.isFreed())) continue
        hasMoved = true
        await connection.look()
        break
      }
    }
  }

  async function isDeadlocked(from: SimulatedConnection): Promise<boolean> {
    const byPid = new Map(blocked.map((each) => [each.backend?.pid, each]))
    const start = from.backend?.pid
    const seen = new Set<number>()
    const next = [...((await from.backend?.blockers()) ?? [])]
    for (let pid = next.pop(); pid !== undefined; pid = next.pop()) {
      if (pid === start) return true
      if (seen.has(pid)) continue
      seen.add(pid)
      next.push(...((await byPid.get(pid)?.backend?.blockers()) ?? []))
    }
    return false
  }

  return {
    connect(client, process) {
      const connection = new SimulatedConnection(client, process)
      connections.add(connection)
      return connection
    },
    abandon(process) {
      for (const connection of connections) if (connection.process === process) connection.abandon()
    },
    async goAway() {
      isAway = true
      const error = () =>
        Object.assign(new Error('terminating connection due to administrator command'), { code: '57P01' })
      for (const connection of connections) await connection.breakOff(error())
    },
    comeBack() {
      isAway = false
    },
    get isAway() {
      return isAway
    },
    get offsetMs() {
      return offsetMs
    },
    set offsetMs(ms) {
      offsetMs = ms
    },
    async close() {
      await releasing
      for (const connection of connections) await connection.release()
    },
  }
}

const NOTHING = { command: '', rowCount: 0, oid: null, fields: [], rows: [] }

/** As Node reports a connection that the other end has closed. */
export function reset(): DatabaseError {
  return Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', errno: -104, syscall: 'read' })
}

function idle(): DatabaseError {
  const message = 'terminating connection due to idle-in-transaction timeout'
  return Object.assign(new Error(message), { code: '25P03' })
}

function outcomeOf(answer: Answer): string {
  if ('error' in answer) return `fails with ${answer.error.code ?? answer.error.message}`
  const { rowCount } = answer.result as { rowCount?: number | null }
  return `${rowCount ?? 0} rows`
}

/** The name of a prepared statement, else how it begins. */
function labelOf({ name, text }: Submitted): string {
  if (name !== undefined) return name
  const label = labels.get(text) ?? text.trim().replaceAll(/\s+/g, ' ').slice(0, 60)
  labels.set(text, label)
  return label
}

const labels = new Map<string, string>()
