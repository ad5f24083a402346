import { nextTick } from 'node:process'
import type pg from 'pg'
import { IDLE_IN_TRANSACTION_MS, LOCK_TIMEOUT_MS } from '../../apps/api/src/database/database.ts'
import type { Answer, Backend, Backends, DatabaseError } from './backends.ts'
import { STARTS_AT } from './ground.ts'
import type { Plan } from './plan.ts'
import { choice, type Border, type Choice, type Owner, type World } from './world.ts'

// What the code takes for connections to its database: pg's clients, whose statements wait for their turn.

export type SimulatedDatabase = ReturnType<typeof createSimulatedDatabase>
export type Connection = ReturnType<SimulatedDatabase['connect']>

/** What connections need to know of their process. */
export interface ConnectedProcess extends Owner {
  readonly isAlive: boolean
  freeze(): void
  /** Runs code on its behalf; not at all when it is dead. */
  run(call: () => void): void
  /** Calls it later. Returns what cancels that. */
  readonly after: (ms: number, call: () => void) => () => void
}

export interface Submitted {
  readonly text: string
  /** What it is called in the trace. */
  readonly label: string
  /** Has a real client run it. */
  readonly run: (client: pg.Client) => Promise<unknown>
  readonly deliver: (answer: Answer) => void
}

const IDLE = errorOf('25P03', 'terminating connection due to idle-in-transaction timeout')
const RUNS_SLOWLY_WEIGHT = 25
const STALLS_FROM_MS = 1_000

/** @param onStall an answer was long under way, since then */
export function createSimulatedDatabase(
  world: World,
  backends: Backends,
  plan: Plan,
  onStall: (since: number) => void,
) {
  const connections = new Set<SimulatedConnection>()
  /** In the order in which they began to wait. */
  const blocked = new Set<SimulatedConnection>()
  let isAway = false
  let offsetMs = 0

  class SimulatedConnection implements Border {
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
      connections.add(this)
      world.add(this)
    }

    submit(statement: Submitted): void {
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
      if (channel === undefined) return /^SET (?!LOCAL)/.test(text)
      this.channels.add(channel)
      backends.listen(channel)
      return true
    }

    choices(): readonly Choice[] {
      const { name, isFrozen } = this.process
      const { backend } = this
      const [statement] = this.queue
      const waitedMs = world.now() - this.since
      if (statement === undefined) {
        const [notification] = this.arrived
        if (backend !== null && waitedMs >= IDLE_IN_TRANSACTION_MS)
          return [choice(`${name}: its transaction was idle`, () => this.breakOff(IDLE))]
        return notification && !isFrozen ? [choice(`${name}: is notified`, () => this.beNotified())] : []
      }
      const what = `${name}: ${statement.label}`
      if (this.answer !== null) return isFrozen ? [] : [choice(`${what} is answered`, () => this.deliver())]
      if (backend !== null && blocked.has(this)) {
        const giveUp = async () => this.goOn(await backend.giveUp('55P03', 'canceling statement due to lock timeout'))
        return waitedMs < LOCK_TIMEOUT_MS ? [] : [choice(`${what} waits for a lock no longer`, giveUp)]
      }
      if (!this.isOpen)
        return [
          choice(`${what} arrives late`, () => this.run(false)),
          choice(`${what} never arrives`, () => this.release()),
        ]
      const { lostBefore, lostAnswer } = plan.database
      const { freeze, freezesAt } = plan.process
      const mayFreeze = freezesAt === '' || freezesAt === statement.label
      return [
        choice(what, () => this.run(!isFrozen)),
        choice(`${what}, slowly`, () => this.run(false), RUNS_SLOWLY_WEIGHT),
        choice(`${what}, and ${name} stands still`, () => this.freeze(), mayFreeze ? freeze : 0),
        choice(`${what} does not arrive`, () => this.breakOff(reset()), lostBefore),
        choice(`${what}, and the answer is lost`, () => this.loseAnswer(), lostAnswer),
      ]
    }

    private async run(atOnce: boolean): Promise<void> {
      const [statement] = this.queue
      if (statement === undefined) return
      this.backend ??= await backends.take()
      this.since = world.now()
      if (/notify/i.test(statement.text)) this.mayNotify = true
      const asksForTime = !/^(?:BEGIN|COMMIT|ROLLBACK)/.test(statement.text)
      const at = asksForTime ? new Date(STARTS_AT + world.now() + offsetMs) : null
      const answer = await this.backend.run(statement.run, at)
      world.pass(1)
      if (answer !== null) return this.take(answer, atOnce)
      blocked.add(this)
      world.note(`${this.process.name}: waits for a lock`)
      if (await this.backend.isDeadlocked()) await this.goOn(await this.backend.giveUp('40P01', 'deadlock detected'))
    }

    /** It does not learn of the answer until it goes on. */
    private async freeze(): Promise<void> {
      this.process.freeze()
      await this.run(false)
    }

    /** Keeps the answer until it is delivered. */
    private async take(answer: Answer, atOnce: boolean): Promise<void> {
      this.answer = answer
      this.since = world.now()
      world.note(`${this.process.name}: ${outcomeOf(answer)}`)
      const hasEnded = this.backend !== null && !this.backend.isInTransaction()
      if (this.backend !== null && hasEnded) {
        backends.giveBack(this.backend)
        this.backend = null
      }
      if (hasEnded) await afterTransaction(this.mayNotify)
      if (hasEnded) this.mayNotify = false
      if (!this.isOpen) await this.release()
      else if (atOnce) this.deliver()
      else world.add(this)
    }

    /** What waited for a lock goes on. */
    async goOn(answer: Answer | null): Promise<void> {
      if (answer === null) return
      blocked.delete(this)
      await this.take(answer, false)
    }

    private deliver(): void {
      const { answer } = this
      const statement = this.queue.shift()
      this.answer = null
      if (world.now() - this.since > STALLS_FROM_MS) onStall(this.since)
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
      if (!blocked.has(this)) await this.breakOff(reset())
    }

    end(): void {
      if (!this.isOpen) return
      this.isOpen = false
      releaseWhenQuiet(this)
      nextTick(() => this.process.run(() => this.client.emit('end')))
    }

    async breakOff(error: DatabaseError): Promise<void> {
      const tell = await this.cut(error)
      tell()
    }

    /** Returns what tells the code of it. */
    async cut(error: DatabaseError): Promise<() => void> {
      if (!this.isOpen) return () => {}
      this.isOpen = false
      const failed = [...this.queue]
      Object.assign(this.client, { _queryable: false, _ended: true })
      await this.release()
      const tell = () => {
        for (const statement of failed) statement.deliver({ error })
        if (this.client.listenerCount('error') > 0) this.client.emit('error', error)
        nextTick(() => this.client.emit('end'))
      }
      return () => this.process.run(tell)
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
      blocked.delete(this)
      await backend.rollBack()
      backends.giveBack(backend)
      await afterTransaction(false)
    }

    /** Its process was killed. What is on its way may still arrive, and what waits for a lock goes on. */
    abandon(): void {
      this.isOpen = false
      if (this.answer !== null || this.queue.length === 0) releaseWhenQuiet(this)
    }
  }

  /** Nobody waits for these ends, but what follows waits until they are over. */
  function releaseWhenQuiet(connection: SimulatedConnection): void {
    world.remove(connection)
    world.whenQuiet(() => connection.release())
  }

  async function afterTransaction(mayHaveNotified: boolean): Promise<void> {
    await wake()
    if (!mayHaveNotified) return
    for (const notification of await backends.notifications())
      for (const connection of connections) connection.expect(notification)
  }

  /** Lets those go on whose locks are free, one after the other, in the order in which they began to wait. */
  async function wake(): Promise<void> {
    for (const connection of blocked) {
      const { backend } = connection
      if (backend === null || !(await backend.isFreed())) continue
      await connection.goOn(await backend.look())
      return wake()
    }
  }

  return {
    connect: (client: pg.Client, process: ConnectedProcess) => new SimulatedConnection(client, process),
    /** Everything that a process had open, when it was killed. */
    abandon(process: ConnectedProcess): void {
      for (const connection of connections) if (connection.process === process) connection.abandon()
    },
    /** Nobody can connect, and every connection breaks. */
    async goAway(): Promise<void> {
      isAway = true
      const message = 'terminating connection due to administrator command'
      const tellings: (() => void)[] = []
      for (const connection of connections) tellings.push(await connection.cut(errorOf('57P01', message)))
      for (const tell of tellings) tell()
    },
    comeBack(): void {
      isAway = false
    },
    isAway: () => isAway,
    setClockBack(ms: number): void {
      offsetMs -= ms
    },
    /** Ends every transaction that is still open. */
    async close(): Promise<void> {
      for (const connection of connections) await connection.release()
    },
  }
}

const NOTHING = { command: '', rowCount: 0, oid: null, fields: [], rows: [] }

/** As Node reports a connection that the other end has closed. */
export function reset(): DatabaseError {
  return Object.assign(errorOf('ECONNRESET', 'read ECONNRESET'), { errno: -104, syscall: 'read' })
}

function errorOf(code: string, message: string): DatabaseError {
  return Object.assign(new Error(message), { code })
}

function outcomeOf(answer: Answer): string {
  if ('error' in answer) return `fails with ${answer.error.code ?? answer.error.message}`
  const { rowCount } = answer.result as { rowCount?: number | null }
  return `${rowCount ?? 0} rows`
}
