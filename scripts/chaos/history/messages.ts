import { setTimeout as delay } from 'node:timers/promises'
import { callApi, type Answer } from '../../testbed/service.ts'
import { MB } from '../../testbed/submit.ts'
import type { Random } from '../random.ts'
import type { StatusRead, Submitted } from './history.ts'
import type { Recorder } from './recorder.ts'
import { subjectOf } from './simulator-log.ts'
import type { Site } from './site.ts'

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

interface Request {
  readonly headers: Readonly<Record<string, string>>
  /** Made anew each time that it is sent. */
  readonly body: () => string | FormData
}

interface Accepted {
  readonly message: string
  readonly id: string
  readonly sender: Sender
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
export function createMessages(site: Site, recorder: Recorder, random: Random) {
  const underWay = new Set<Promise<void>>()
  const accepted: Accepted[] = []
  let submitted = 0

  const background = (task: Promise<void>): void => {
    const tracked = task.finally(() => underWay.delete(tracked))
    underWay.add(tracked)
  }

  const urlOf = (urlIndex = random.between(0, 1)) => site.apiUrl(urlIndex)

  const post = (sender: Sender, message: string, { body, headers }: Request): Promise<Answer | null> =>
    callApi(urlOf(), sender, '/messages', {
      method: 'POST',
      body: body(),
      headers: { ...headers, 'idempotency-key': `history-${message}` },
    })

  async function submit(sender: Sender, message: string, shape: Shape): Promise<void> {
    const askedAt = Date.now()
    const request = requestOf(sender, message, shape)
    const ids: string[] = []
    let outcome: Submitted['outcome'] = 'unknown'
    let status: number | null = null
    while (outcome === 'unknown' && Date.now() - askedAt < SUBMIT_FOR_AT_MOST_MS) {
      const answer = await post(sender, message, request)
      status = answer?.status ?? null
      if (answer?.status === 202) {
        outcome = 'accepted'
        ids.push(answer.json.id)
        // A service that missed the answer repeats its request.
        const repeated = random.chance(0.1) ? await post(sender, message, request) : null
        if (repeated?.status === 202) ids.push(repeated.json.id)
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
    const one: Accepted = { message, id, sender }
    accepted.push(one)
    await Promise.all([0, 1].map((urlIndex) => read(one, { urlIndex })))
    if (shape.cancelAfterMs !== null) await cancel(one, shape.cancelAfterMs)
  }

  async function cancel({ message, id, sender }: Accepted, afterMs: number): Promise<void> {
    await delay(afterMs)
    const askedAt = Date.now()
    const answer = await callApi(urlOf(), sender, `/messages/${id}/cancel`, { method: 'POST' })
    const outcome = answer?.status === 200 ? 'cancelled' : answer?.status === 409 ? 'refused' : 'unknown'
    recorder.write({ kind: 'cancel', message, askedAt, answeredAt: Date.now(), outcome })
  }

  async function read(
    { message, id, sender }: Accepted,
    { final = false, urlIndex = 0 }: { final?: boolean; urlIndex?: number } = {},
  ): Promise<boolean> {
    const askedAt = Date.now()
    const answer = await callApi(urlOf(urlIndex), sender, `/messages/${id}`)
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
    /** In the background, posts one message until it is answered, and reads or cancels it. */
    submit(sender: Sender): void {
      if (underWay.size >= MOST_UNDER_WAY) return
      submitted += 1
      background(submit(sender, `m${submitted}`, drawShape(sender, random)))
    },
    readOne(): void {
      const recent = accepted.slice(-MOST_RECENT)
      const one = recent[random.between(0, Math.max(0, recent.length - 1))]
      if (one && underWay.size < MOST_UNDER_WAY)
        background(read(one, { urlIndex: random.between(0, 1) }).then(() => {}))
    },
    /** Waits for what is under way. */
    async settle(): Promise<void> {
      await Promise.all(underWay)
    },
    /** Reads every accepted message once more. */
    async readAll(): Promise<void> {
      let next = 0
      const readNext = async (): Promise<void> => {
        for (let one = accepted[next++]; one; one = accepted[next++])
          for (let attempt = 0; attempt < 10 && !(await read(one, { final: true })); attempt++)
            await delay(TRY_AGAIN_MS)
      }
      await Promise.all(Array.from({ length: FINAL_READS_AT_ONCE }, readNext))
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
): Request {
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
