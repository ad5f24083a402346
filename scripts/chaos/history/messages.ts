import { setTimeout as delay } from 'node:timers/promises'
import type { StatusRead, Submitted } from './history.ts'
import type { Random } from '../random.ts'
import type { Recorder } from './recorder.ts'
import { subjectOf } from './simulator-log.ts'
import type { Site } from './site.ts'

const MB = 1024 * 1024
const CALL_TIMEOUT_MS = 10_000
const TRY_AGAIN_MS = 300
/** When a service gives up; whether its message was accepted is then unknown. */
const SUBMIT_FOR_AT_MOST_MS = 180_000
const MOST_UNDER_WAY = 60
/** How many of the newest messages are read during the run; all are read at its end. */
const MOST_RECENT = 300
const FINAL_READS_AT_ONCE = 16

export interface Sender {
  readonly tenant: string
  readonly serviceKey: string
  /** Whether the mailbox accepts attachments through an upload session. */
  readonly takesLarge: boolean
  /** Recipients per message. */
  readonly recipients: number
  readonly mayWait: boolean
}

export interface Messages {
  /** In the background, posts one message until it is answered, and reads or cancels it. */
  submit(sender: Sender): void
  readOne(): void
  /** Waits for what is under way. */
  settle(): Promise<void>
  /** Reads every accepted message once more. */
  readAll(): Promise<void>
  readonly submitted: number
  readonly accepted: number
}

type Body = string | FormData

interface ApiAnswer {
  readonly status: number
  /** A message's fields; a problem has none of them. */
  readonly json: {
    readonly id: string
    readonly status: string
    readonly possibleDuplicate: boolean
    readonly problem: { readonly code: string } | null
  }
}

interface Accepted {
  readonly message: string
  readonly id: string
  readonly serviceKey: string
}

interface Shape {
  readonly contentBytes: number
  readonly isLarge: boolean
  readonly sendAt: number | null
  readonly onUnknownOutcome: 'retry' | 'stop'
  readonly cancelAfterMs: number | null
}

/** Attachments share one content and few sizes, so that the simulator stores each once. */
const CONTENT = Buffer.alloc(9 * MB, 'Inforiver ')

/** Submits, reads and cancels like services, and records each answer. */
export function createMessages(site: Site, recorder: Recorder, random: Random): Messages {
  const underWay = new Set<Promise<void>>()
  const accepted: Accepted[] = []
  let submitted = 0

  const background = (task: Promise<void>): void => {
    const tracked = task.finally(() => underWay.delete(tracked))
    underWay.add(tracked)
  }

  /** Resolves to null without a readable answer. */
  async function call(
    method: string,
    path: string,
    serviceKey: string,
    init: { body?: Body; headers?: Record<string, string>; urlIndex?: number } = {},
  ): Promise<ApiAnswer | null> {
    const url = site.apiUrl(init.urlIndex ?? random.between(0, 1))
    if (url === null) return null
    try {
      const response = await fetch(`${url}/api/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${serviceKey}`, ...init.headers },
        ...(init.body !== undefined && { body: init.body }),
        signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
      })
      return { status: response.status, json: (await response.json()) as ApiAnswer['json'] }
    } catch {
      return null
    }
  }

  async function submit(sender: Sender, message: string, shape: Shape): Promise<void> {
    const askedAt = Date.now()
    const { body, headers } = requestOf(sender, message, shape)
    const ids: string[] = []
    let outcome: Submitted['outcome'] = 'unknown'
    let status: number | null = null
    while (outcome === 'unknown' && Date.now() - askedAt < SUBMIT_FOR_AT_MOST_MS) {
      const answer = await call('POST', '/messages', sender.serviceKey, {
        body: body(),
        headers: { ...headers, 'idempotency-key': `history-${message}` },
      })
      status = answer?.status ?? null
      if (answer?.status === 202) {
        outcome = 'accepted'
        ids.push(answer.json.id)
        // A service that missed the answer repeats its request.
        if (random.chance(0.1)) ids.push(...(await repeat(sender, message, body, headers)))
      } else if (answer && answer.status < 500) outcome = 'refused'
      else await delay(TRY_AGAIN_MS)
    }
    const { onUnknownOutcome, sendAt, contentBytes } = shape
    const { tenant, recipients, mayWait } = sender
    recorder.write({
      kind: 'submit',
      message,
      tenant,
      askedAt,
      answeredAt: Date.now(),
      outcome,
      ids,
      status,
      onUnknownOutcome,
      sendAt,
      recipients,
      sizeBytes: contentBytes,
      mayWait,
    })
    const [id] = ids
    if (id === undefined) return
    const one: Accepted = { message, id, serviceKey: sender.serviceKey }
    accepted.push(one)
    await Promise.all([0, 1].map((urlIndex) => read(one, { urlIndex })))
    if (shape.cancelAfterMs !== null) await cancel(one, shape.cancelAfterMs)
  }

  async function repeat(
    { serviceKey }: Sender,
    message: string,
    body: () => Body,
    headers: Record<string, string>,
  ): Promise<string[]> {
    const answer = await call('POST', '/messages', serviceKey, {
      body: body(),
      headers: { ...headers, 'idempotency-key': `history-${message}` },
    })
    return answer?.status === 202 ? [answer.json.id] : []
  }

  async function cancel({ message, id, serviceKey }: Accepted, afterMs: number): Promise<void> {
    await delay(afterMs)
    const askedAt = Date.now()
    const answer = await call('POST', `/messages/${id}/cancel`, serviceKey, {
      body: '{}',
      headers: { 'content-type': 'application/json' },
    })
    const outcome = answer?.status === 200 ? 'cancelled' : answer?.status === 409 ? 'refused' : 'unknown'
    recorder.write({ kind: 'cancel', message, askedAt, answeredAt: Date.now(), outcome })
  }

  async function read(
    { message, id, serviceKey }: Accepted,
    { final = false, urlIndex = 0 }: { final?: boolean; urlIndex?: number } = {},
  ): Promise<boolean> {
    const askedAt = Date.now()
    const answer = await call('GET', `/messages/${id}`, serviceKey, { urlIndex })
    if (!answer || (answer.status !== 200 && answer.status !== 404)) return false
    const found = answer.status === 200
    const event: StatusRead = {
      kind: 'read',
      message,
      askedAt,
      answeredAt: Date.now(),
      found,
      status: found ? answer.json.status : null,
      possibleDuplicate: found && answer.json.possibleDuplicate,
      problem: found ? (answer.json.problem?.code ?? null) : null,
      final,
    }
    recorder.write(event)
    return true
  }

  return {
    submit(sender) {
      if (underWay.size >= MOST_UNDER_WAY) return
      submitted += 1
      background(submit(sender, `m${submitted}`, drawShape(sender, random)))
    },
    readOne() {
      const recent = accepted.slice(-MOST_RECENT)
      const one = recent[random.between(0, Math.max(0, recent.length - 1))]
      if (one && underWay.size < MOST_UNDER_WAY)
        background(read(one, { urlIndex: random.between(0, 1) }).then(() => {}))
    },
    async settle() {
      await Promise.all(underWay)
    },
    async readAll() {
      let next = 0
      const readNext = async (): Promise<void> => {
        for (let one = accepted[next++]; one; one = accepted[next++])
          for (let attempt = 0; attempt < 10 && !(await read(one, { final: true })); attempt++)
            await delay(TRY_AGAIN_MS)
      }
      await Promise.all(Array.from({ length: FINAL_READS_AT_ONCE }, readNext))
    },
    get submitted() {
      return submitted
    },
    get accepted() {
      return accepted.length
    },
  }
}

function drawShape({ takesLarge, mayWait }: Sender, random: Random): Shape {
  const isLarge = takesLarge && random.chance(0.02)
  const isMedium = !isLarge && random.chance(0.06)
  const contentBytes = isLarge
    ? random.pick([4, 9] as const) * MB
    : isMedium
      ? random.pick([300_000, 2 * MB] as const)
      : 0
  return {
    contentBytes,
    isLarge,
    sendAt: !mayWait && random.chance(0.05) ? Date.now() + random.between(2_000, 60_000) : null,
    onUnknownOutcome: random.chance(0.1) ? 'stop' : 'retry',
    cancelAfterMs: !mayWait && random.chance(0.08) ? random.between(0, 4_000) : null,
  }
}

function requestOf(
  { recipients }: Sender,
  message: string,
  { contentBytes, isLarge, sendAt, onUnknownOutcome }: Shape,
): { body: () => Body; headers: Record<string, string> } {
  const content = CONTENT.subarray(0, contentBytes)
  const json = JSON.stringify({
    to: Array.from({ length: recipients }, (_, index) => `${message}-${index}@example.com`),
    subject: subjectOf(message),
    text: 'History.',
    onUnknownOutcome,
    ...(sendAt !== null && { sendAt: new Date(sendAt).toISOString() }),
    ...(contentBytes > 0 && !isLarge && { attachments: [{ filename: 'a.bin', content: content.toString('base64') }] }),
  })
  if (!isLarge) return { body: () => json, headers: { 'content-type': 'application/json' } }
  return {
    headers: {},
    body: () => {
      const form = new FormData()
      form.set('message', json)
      form.set('attachment', new Blob([content]), 'a.bin')
      return form
    },
  }
}
