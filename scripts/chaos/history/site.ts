import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { createTcpLink, type TcpLink } from '../../../apps/api/src/test-support/tcp-link.ts'
import { freePort } from '../../../packages/m365/src/test-support/free-port.ts'
import type { Process } from '../../testbed/processes.ts'
import type { Testbed } from '../../testbed/testbed.ts'
import type { Limits } from './history.ts'
import type { startPostgresPair } from './postgres-pair.ts'

const SHIFT_CLOCK = new URL('shift-clock.mjs', import.meta.url).href
const START_AGAIN_MS = 500
/** Longer than any stop may take. */
const STOPS_WITHIN_MS = 90_000
const ROLES = ['all', 'api', 'worker'] as const

/** Runs one process of the product at a time, with a fixed role, port and link to the database. */
interface Slot {
  readonly role: (typeof ROLES)[number]
  readonly port: number
  readonly url: string
  readonly link: TcpLink
  /** Null while none runs. */
  process: Process | null
  isFrozen: boolean
  clockOffsetMs: number
}

interface SiteOptions {
  readonly pair: Awaited<ReturnType<typeof startPostgresPair>>
  readonly limits: Limits
  readonly over: AbortSignal
  /** Called with the reason of a failed start, which is then repeated. */
  readonly onFailedStart: (reason: string) => void
}

/** Several processes of the product, each with its own link to the database, behind one address for browsers. */
export type Site = Awaited<ReturnType<typeof openSite>>

export async function openSite(testbed: Testbed, { pair, limits, over, onFailedStart }: SiteOptions) {
  const front = await createTcpLink()
  const publicUrl = `http://localhost:${front.port}`
  const slots: Slot[] = []
  for (const role of ROLES) {
    const port = await freePort()
    const link = await createTcpLink(pair.port())
    slots.push({ role, port, url: `http://127.0.0.1:${port}`, link, process: null, isFrozen: false, clockOffsetMs: 0 })
  }

  const at = (index: number): Slot => {
    const slot = slots[index]
    if (!slot) throw new Error(`There is no slot ${index}.`)
    return slot
  }
  const environmentOf = ({ port, link }: Slot): Record<string, string> => {
    const url = new URL(pair.connectionString)
    url.port = String(link.port)
    return {
      PORT: String(port),
      PUBLIC_URL: publicUrl,
      DATABASE_URL: url.href,
      VAULT_KEYS: site.vaultKeys,
      MAILBOX_CONCURRENCY: String(limits.concurrency),
      MAILBOX_MESSAGES_PER_MINUTE: String(limits.messagesPerMinute),
      MAILBOX_RECIPIENTS_PER_DAY: String(limits.recipientsPerDay),
    }
  }
  const serving = () => slots.filter(({ role, process, isFrozen }) => role !== 'worker' && process && !isFrozen)

  const site = {
    slots,
    publicUrl,
    /** The keys of every process started from now on. */
    vaultKeys: testbed.vaultKeys,
    /** An address that should serve requests; null when none does. */
    apiUrl(index: number): string | null {
      const urls = serving().map(({ url }) => url)
      return urls[index % Math.max(1, urls.length)] ?? null
    },
    /** Routes browsers to a running process whose clock is right; false when there is none. */
    routeBrowsers(): boolean {
      const right = serving().find(({ clockOffsetMs }) => clockOffsetMs === 0)
      if (right) front.leadTo(right.port)
      return right !== undefined
    },
    async start(index: number, clock?: { readonly offsetMs: number; readonly afterMs: number }): Promise<void> {
      const slot = at(index)
      while (!over.aborted) {
        const environment = {
          ...environmentOf(slot),
          ...(clock && { CLOCK_OFFSET_MS: String(clock.offsetMs), CLOCK_OFFSET_AFTER_MS: String(clock.afterMs) }),
        }
        // A supervisor would also repeat a start until it works.
        slot.process = await testbed
          .start(slot.role, environment, clock ? ['--import', SHIFT_CLOCK] : [])
          .catch((error: unknown) => {
            onFailedStart(String(error))
            return null
          })
        slot.clockOffsetMs = clock?.offsetMs ?? 0
        if (slot.process) return
        await delay(START_AGAIN_MS)
      }
    },
    async kill(index: number): Promise<void> {
      const slot = at(index)
      const { process } = slot
      slot.process = null
      slot.isFrozen = false
      await process?.kill()
    },
    /** Asks it to stop while connections to it are open, unless it is the end of the run. Returns its exit code. */
    async stop(index: number, withConnections = true): Promise<number | null> {
      const slot = at(index)
      const { process } = slot
      if (!process) return null
      if (slot.isFrozen) process.resume()
      slot.isFrozen = false
      const connections = withConnections && slot.role !== 'worker' ? await openConnections(slot.port) : []
      slot.process = null
      const late = setTimeout(() => void process.kill(), STOPS_WITHIN_MS)
      await process.stop()
      clearTimeout(late)
      for (const connection of connections) connection.destroy()
      return process.exitCode
    },
    freeze(index: number): void {
      at(index).isFrozen = true
      at(index).process?.freeze()
    },
    resume(index: number): void {
      at(index).isFrozen = false
      at(index).process?.resume()
    },
    async close(): Promise<void> {
      await Promise.all(slots.map((_slot, index) => site.stop(index, false)))
      await front.close()
      for (const { link } of slots) await link.close()
    },
  }
  return site
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
