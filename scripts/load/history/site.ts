import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { createTcpLink, type TcpLink } from '../../../apps/api/src/test-support/tcp-link.ts'
import { freePort, type Ground, type Process } from '../ground.ts'
import { createDatabaseLink, type DatabaseLink } from './database-link.ts'
import type { Limits } from './history.ts'

const SHIFT_CLOCK = new URL('shift-clock.mjs', import.meta.url).href
const START_AGAIN_MS = 500
/** Longer than any stop should take. */
const STOPS_WITHIN_MS = 90_000

/** Where a process of the product runs, again and again. */
export interface Place {
  readonly role: 'all' | 'api' | 'worker'
  readonly url: string
  readonly link: DatabaseLink
  /** Null while there is none. */
  readonly process: Process | null
  readonly isFrozen: boolean
  readonly clockOffsetMs: number
}

export interface StopResult {
  readonly seconds: number
  readonly exitCode: number | null
}

/** Several processes of the product, each with a network of its own to the database, and one address for browsers. */
export interface Site {
  readonly places: readonly Place[]
  readonly publicUrl: string
  /** An address that serves requests, as far as is known. */
  apiUrl(index: number): string | null
  /** Leads browsers to a process that runs and whose clock is right; false where there is none. */
  leadBrowsers(): boolean
  start(place: number, clock?: { offsetMs: number; afterMs: number }): Promise<void>
  kill(place: number): Promise<void>
  /** Asks it to end while connections to it are open. */
  stop(place: number): Promise<StopResult>
  freeze(place: number): void
  goOn(place: number): void
  /** What every process is started with from now on. */
  useVaultKeys(keys: string): void
  readonly vaultKeys: string
  close(): Promise<StopResult[]>
}

interface MutablePlace {
  role: Place['role']
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
  /** A process that ended, or did not become ready, is started again. */
  readonly onFailedStart: (reason: string) => void
}

export async function openSite(
  ground: Ground,
  { databaseUrl, limits, over, onFailedStart }: SiteOptions,
): Promise<Site> {
  const front: TcpLink = await createTcpLink()
  const publicUrl = `http://localhost:${front.port}`
  const places: MutablePlace[] = []
  for (const role of ROLES) {
    const port = await freePort()
    places.push({
      role,
      port,
      url: `http://127.0.0.1:${port}`,
      link: await createDatabaseLink(Number(new URL(databaseUrl).port)),
      process: null,
      isFrozen: false,
      clockOffsetMs: 0,
    })
  }
  let vaultKeys = ground.vaultKeys

  const at = (index: number): MutablePlace => {
    const place = places[index]
    if (!place) throw new Error(`There is no place ${index}.`)
    return place
  }
  const environmentOf = ({ port, link }: MutablePlace): Record<string, string> => {
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
  const serving = () => places.filter(({ role, process, isFrozen }) => role !== 'worker' && process && !isFrozen)

  async function stop(index: number, withConnections: boolean): Promise<StopResult> {
    const place = at(index)
    const { process } = place
    if (!process) return { seconds: 0, exitCode: null }
    if (place.isFrozen) process.goOn()
    place.isFrozen = false
    const connections = withConnections && place.role !== 'worker' ? await openConnections(place.port) : []
    const startedAt = performance.now()
    place.process = null
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
    places,
    publicUrl,
    apiUrl(index) {
      const urls = serving().map(({ url }) => url)
      return urls[index % Math.max(1, urls.length)] ?? null
    },
    leadBrowsers() {
      const right = serving().find(({ clockOffsetMs }) => clockOffsetMs === 0)
      if (right) front.leadTo(right.port)
      return right !== undefined
    },
    async start(index, clock) {
      const place = at(index)
      while (!over.aborted) {
        const environment = {
          ...environmentOf(place),
          ...(clock && { CLOCK_OFFSET_MS: String(clock.offsetMs), CLOCK_OFFSET_AFTER_MS: String(clock.afterMs) }),
        }
        // As whatever runs it would: again, until it works.
        const process = await ground
          .start(place.role, environment, clock ? ['--import', SHIFT_CLOCK] : [])
          .catch((error: unknown) => {
            onFailedStart(String(error))
            return null
          })
        place.process = process
        place.clockOffsetMs = clock?.offsetMs ?? 0
        if (process) return
        await delay(START_AGAIN_MS)
      }
    },
    async kill(index) {
      const place = at(index)
      const { process } = place
      place.process = null
      place.isFrozen = false
      await process?.kill()
    },
    stop: (index) => stop(index, true),
    freeze(index) {
      at(index).isFrozen = true
      at(index).process?.freeze()
    },
    goOn(index) {
      at(index).isFrozen = false
      at(index).process?.goOn()
    },
    useVaultKeys(keys) {
      vaultKeys = keys
    },
    get vaultKeys() {
      return vaultKeys
    },
    async close() {
      const results = await Promise.all(places.map((_place, index) => stop(index, false)))
      await front.close()
      for (const { link } of places) await link.close()
      return results
    },
  }
}

export function newVaultKey(): string {
  return `k${randomBytes(4).toString('hex')}:${randomBytes(32).toString('base64')}`
}

/** One that waits for its next request, one in the middle of its header, and one in the middle of its body. */
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
