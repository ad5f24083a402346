import { setTimeout as delay } from 'node:timers/promises'
import { MESSAGE_ID_PROPERTY } from '../../../packages/m365/src/mailer/send-mail-request.ts'
import type { Testbed } from '../../testbed/testbed.ts'
import type { MailboxRequest } from './history.ts'
import type { Recorder } from './recorder.ts'

const EVERY_MS = 500
/** The simulator keeps the last 10,000 entries. */
const PAGE = 5_000
const SUBJECT = /^History (m\d+)$/

/** The subject identifies a message, whatever id it is given. */
export function subjectOf(message: string): string {
  return `History ${message}`
}

interface LogEntry {
  readonly sequence: number
  readonly at: string
  readonly durationMs: number
  readonly endpoint: string | null
  readonly status: number | null
  readonly details: { readonly mailbox?: string }
  readonly accepted: {
    readonly at: string
    readonly from: string
    readonly subject: string
    readonly recipients: number
    readonly extendedProperties: readonly { readonly id: string; readonly value: string }[]
  } | null
}

/** Copies the simulator's log of requests into the history until `stop` has read the rest. */
export function followSimulator(testbed: Testbed, recorder: Recorder): { stop(): Promise<void> } {
  let after = 0
  const over = new AbortController()
  const read = async (): Promise<number> => {
    const { items } = (await testbed.control('GET', `/log?after=${after}&limit=${PAGE}`)) as { items: LogEntry[] }
    for (const entry of items) {
      if (entry.sequence !== after + 1) throw new Error('Requests fell out of the log of the simulator.')
      after = entry.sequence
      const request = toRequest(entry)
      if (request) recorder.write(request)
    }
    return items.length
  }
  const following = (async () => {
    while (!over.signal.aborted) {
      if ((await read()) < PAGE) await delay(EVERY_MS)
    }
    while ((await read()) === PAGE);
  })()
  following.catch(() => {}) // thrown by stop
  return {
    async stop() {
      over.abort()
      await following
    },
  }
}

function toRequest({ at, durationMs, endpoint, status, details, accepted }: LogEntry): MailboxRequest | null {
  if (details.mailbox === undefined || endpoint === null) return null
  const begunAt = Date.parse(at)
  return {
    kind: 'request',
    mailbox: details.mailbox,
    endpoint,
    begunAt,
    endedAt: begunAt + durationMs,
    status,
    accepted: accepted && {
      at: Date.parse(accepted.at),
      from: accepted.from,
      message: SUBJECT.exec(accepted.subject)?.[1] ?? null,
      recipients: accepted.recipients,
      id: accepted.extendedProperties.find(({ id }) => id === MESSAGE_ID_PROPERTY)?.value ?? null,
    },
  }
}
