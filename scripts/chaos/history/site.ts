import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { createTcpLink, type TcpLink } from '../../../apps/api/src/test-support/tcp-link.ts'
import { freePort } from '../../../packages/m365/src/test-support/free-port.ts'
import type { Testbed, Process } from '../../testbed/testbed.ts'
import { createDatabaseLink, type DatabaseLink } from './database-link.ts'
import type { Limits } from './history.ts'

const SHIFT_CLOCK = new URL('shift-clock.mjs', import.meta.url).href
const START_AGAIN_MS = 500
/** Longer than any stop may take. */
const STOPS_WITHIN_MS = 90_000

/** Runs one process of the product at a time, with a fixed role, port and link to the database. */
export interface Slot {
  readonly role: 'all' | 'api' | 'worker'
  readonly url: string
  readonly link: DatabaseLink
  /** Null while none runs. */
  readonly process: Process | null
  readonly isFrozen: boolean
  readonly clockOffsetMs: number
}

export interface StopResult {
  readonly seconds: number
  readonly exitCode: number | null
}

/** Several processes of the product, each with its own link to the database, behind one address for browsers. */
export interface Site {
  readonly slots: readonly Slot[]
  readonly publicUrl: string
  /** An address that should serve requests; null when none does. */
  apiUrl(index: number): string | null
  /** Routes browsers to a running process whose clock is right; false when there is none. */
  routeBrowsers(): boolean
  start(slot: number, clock?: { offsetMs: number; afterMs: number }): Promise<void>
  kill(slot: number): Promise<void>
  /** Asks it to stop while connections to it are open. */
  stop(slot: number): Promise<StopResult>
  freeze(slot: number): void
  resume(slot: number): void
  /** The keys of every process started from now on. */
  useVaultKeys(keys: string): void
  readonly vaultKeys: string
  close(): Promise<StopResult[]>
}

interface MutableSlot {
  role: Slot['role']
  port: number
  url: string
  link: DatabaseLink
  process: Process | null
  isFrozen: boolean
  clockOffsetMs: number
}

const ROLES = ['all', 'api', 'worker'] as const

interface SiteOptions {
  readonly databaseUrl: string
  readonly limits: Limits
  readonly over: AbortSignal
  /** Called with the reason of a failed start, which is then repeated. */
  readonly onFailedStart: (reason: string) => void
}

export async function openSite(
  testbed: Testbed,
  { databaseUrl, limits, over, onFailedStart }: SiteOptions,
): Promise<Site> {
  const front: TcpLink = await createTcpLink()
  const publicUrl = `http://localhost:${front.port}`
  const slots: MutableSlot[] = []
  for (const role of ROLES) {
    const port = await freePort()
    slots.push({
      role,
      port,
      url: `http://127.0.0.1:${port}`,
      link: await createDatabaseLink(Number(new URL(databaseUrl).port)),
      process: null,
      isFrozen: false,
      clockOffsetMs: 0,
    })
  }
  let vaultKeys = testbed.vaultKeys

  const at = (index: number): MutableSlot => {
    const slot = slots[index]
    if (!slot) throw new Error(`There is no slot ${index}.`)
    return slot
  }
  const environmentOf = ({ port, link }: MutableSlot): Record<string, string> => {
    const url = new URL(databaseUrl)
    url.port = String(link.port)
    return {
      PORT: String(port),
      PUBLIC_URL: publicUrl,
      DATABASE_URL: url.href,
      VAULT_KEYS: vaultKeys,
      MAILBOX_CONCURRENCY: String(limits.concurrency),
      MAILBOX_MESSAGES_PER_MINUTE: String(limits.messagesPerMinute),
      MAILBOX_RECIPIENTS_PER_DAY: String(limits.recipientsPerDay),
    }
  }
  const serving = () => slots.filter(({ role, process, isFrozen }) => role !== 'worker' && process && !isFrozen)

  async function stop(index: number, withConnections: boolean): Promise<StopResult> {
    const slot = at(index)
    const { process } = slot
    if (!process) return { seconds: 0, exitCode: null }
    if (slot.isFrozen) process.resume()
    slot.isFrozen = false
    const connections = withConnections && slot.role !== 'worker' ? await openConnections(slot.port) : []
    const startedAt = performance.now()
    slot.process = null
    const late = new AbortController()
    void delay(STOPS_WITHIN_MS, undefined, { signal: late.signal }).then(
      () => process.kill(),
      () => {},
    )
    await process.stop()
    late.abort()
    for (const connection of connections) connection.destroy()
    return { seconds: (performance.now() - startedAt) / 1_000, exitCode: process.exitCode }
  }

  return {
    slots,
    publicUrl,
    apiUrl(index) {
      const urls = serving().map(({ url }) => url)
      return urls[index % Math.max(1, urls.length)] ?? null
    },
    routeBrowsers() {
      const right = serving().find(({ clockOffsetMs }) => clockOffsetMs === 0)
      if (right) front.leadTo(right.port)
      return right !== undefined
    },
    async start(index, clock) {
      const slot = at(index)
      while (!over.aborted) {
        const environment = {
          ...environmentOf(slot),
          ...(clock && { CLOCK_OFFSET_MS: String(clock.offsetMs), CLOCK_OFFSET_AFTER_MS: String(clock.afterMs) }),
        }
        // A supervisor would also repeat a start until it works.
        const process = await testbed
          .start(slot.role, environment, clock ? ['--import', SHIFT_CLOCK] : [])
          .catch((error: unknown) => {
            onFailedStart(String(error))
            return null
          })
        slot.process = process
        slot.clockOffsetMs = clock?.offsetMs ?? 0
        if (process) return
        await delay(START_AGAIN_MS)
      }
    },
    async kill(index) {
      const slot = at(index)
      const { process } = slot
      slot.process = null
      slot.isFrozen = false
      await process?.kill()
    },
    stop: (index) => stop(index, true),
    freeze(index) {
      at(index).isFrozen = true
      at(index).process?.freeze()
    },
    resume(index) {
      at(index).isFrozen = false
      at(index).process?.resume()
    },
    useVaultKeys(keys) {
      vaultKeys = keys
    },
    get vaultKeys() {
      return vaultKeys
    },
    async close() {
      const results = await Promise.all(slots.map((_slot, index) => stop(index, false)))
      await front.close()
      for (const { link } of slots) await link.close()
      return results
    },
  }
}

export function newVaultKey(): string {
  return `k${randomBytes(4).toString('hex')}:${randomBytes(32).toString('base64')}`
}

/** Opens an idle connection, one in the middle of a header, and one in the middle of a body. */
async function openConnections(port: number): Promise<Socket[]> {
  const texts = [
    'GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n',
    'POST /api/v1/messages HTTP/1.1\r\nhost: local',
    'POST /api/v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"to"',
  ]
  const sockets = texts.map((text) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {}).resume()
    socket.write(text)
    return socket
  })
  await delay(50)
  return sockets
}
