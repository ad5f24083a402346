import type { MessageEvent } from '../../packages/contract/src/message-event.ts'
import { createRandom } from '../chaos/random.ts'
import type { HistoryEvent, SenderChanged, Submitted } from '../chaos/history/history.ts'
import type { Answer } from '../testbed/service.ts'
import type { Plan } from './plan.ts'
import { SENDERS, STARTS_AT, type Access } from './ground.ts'
import type { HttpRequest, SimulatedProcess } from './process.ts'
import type { Owner, World } from './world.ts'

// The services that submit, read, cancel and retry, and the admin who changes the settings: all by the API.

interface Submission extends Submitted {
  readonly expiresAt: number | null
  readonly fileBytes: number
}

const GIVE_UP_MS = 40_000
const TRIES = 4
export const SETTINGS = '/api/v1/tenant-settings/office365-smtp'
const EVENTS = '/api/v1/message-events'
const CALLBACK = '/auth/microsoft/callback'
/** So large that it does not fit in one request, as the simulated Graph takes it, but for a quarter of it. */
const LARGE_BYTES = 52_000

const CLIENTS: Owner = { name: 'clients', isFrozen: false }

export type Clients = ReturnType<typeof createClients>

export function createClients(
  seed: number,
  plan: Plan,
  world: World,
  access: Access,
  /** Those that may be asked. */
  processes: () => readonly SimulatedProcess[],
  history: HistoryEvent[],
) {
  const random = createRandom(seed)
  const service = { authorization: `Bearer ${access.serviceKey}` }
  const admin = { cookie: access.cookie, origin: 'http://localhost:3000' }
  const submitted = new Map<string, Submission>()
  const followed: MessageEvent[] = []
  const owners: string[] = []
  let place = '0'
  let isBusy = true
  let changes = 1 // the first of them is connected

  const sleep = (ms: number) => new Promise<void>((resolve) => void world.after(CLIENTS, ms, resolve))
  const hurry = Promise.withResolvers<void>()
  const pause = (mostMs: number) => Promise.race([hurry.promise, sleep(random.between(0, mostMs))])
  /** Does it so often, each time after a pause. */
  const often = async (times: number, act: () => Promise<unknown>) => {
    for (let time = 0; time < times; time++) {
      await pause(plan.pauseMs)
      await act()
    }
  }
  const percent = (share: number) => random.chance(share / 100)

  /** Null without an answer: nobody is there, or it was lost. */
  async function ask(request: HttpRequest): Promise<Answer | null> {
    const alive = processes()
    const process = alive[random.between(0, alive.length - 1)]
    if (!process) return null
    return Promise.race([process.inject(request), process.died.then(() => null), sleep(GIVE_UP_MS).then(() => null)])
  }

  const get = (url: string, headers: Record<string, string> = service) => ask({ method: 'GET', url, headers })
  const order = (url: string, payload: object = {}) => ask({ method: 'POST', url, headers: admin, payload })

  async function submit(message: string): Promise<void> {
    await pause(plan.withinMs)
    const { traits } = plan
    const onUnknownOutcome = percent(traits.stops) ? 'stop' : 'retry'
    const sendAt = percent(traits.scheduled) ? world.now() + random.between(1_000, 20_000) : null
    const expiresAt = percent(traits.expires) ? (sendAt ?? world.now()) + random.between(2_000, 60_000) : null
    const recipients = random.between(1, 3)
    const isLarge = percent(traits.large)
    const isRetried = !plan.isReadable && percent(traits.retried)
    const files = random.pick([1, 4])
    const file = { filename: 'q3.bin', content: Buffer.alloc(LARGE_BYTES / files).toString('base64') }
    const input = {
      to: Array.from({ length: recipients }, (_, index) => `person-${index}@contoso.com`),
      subject: message,
      text: 'x',
      priority: random.pick(['normal', 'high', 'low']),
      onUnknownOutcome,
      ...(sendAt !== null && { sendAt: timeOf(sendAt) }),
      ...(expiresAt !== null && { expiresAt: timeOf(expiresAt) }),
      ...(percent(traits.unsaved) && { saveToSentItems: false }),
      ...(isLarge && { attachments: Array.from({ length: files }, () => file) }),
    }
    const copies = percent(traits.batch) ? random.between(2, 3) : 1
    const names = Array.from({ length: copies }, (_, index) => (index === 0 ? message : `${message}-${index}`))
    const request: HttpRequest = {
      method: 'POST',
      url: copies > 1 ? '/api/v1/messages/batch' : '/api/v1/messages',
      headers: { ...service, 'idempotency-key': message },
      payload: copies > 1 ? { messages: names.map((subject) => ({ ...input, subject })) } : input,
    }
    const askedAt = world.now()
    const answers = await Promise.all((percent(traits.repeated) ? [request, request] : [request]).map(repeat))
    const accepted = answers.filter((answer) => answer?.status === 202)
    const [answer = null] = accepted.length > 0 ? accepted : answers
    names.forEach((name, place) => {
      const ids = accepted.map((answer) => (copies > 1 ? answer?.json.items[place].id : answer?.json.id) as string)
      const submission: Submission = {
        kind: 'submit',
        message: name,
        tenant: 't',
        askedAt,
        answeredAt: world.now(),
        outcome: outcomeOf(answer, 'accepted', 'refused'),
        ids,
        status: answer?.status ?? null,
        // Whoever retries it wants it sent, though it may have been before.
        onUnknownOutcome: isRetried ? 'retry' : onUnknownOutcome,
        sendAt,
        expiresAt,
        recipients,
        sizeBytes: 0,
        fileBytes: isLarge ? LARGE_BYTES : 0,
        mayWait: false,
      }
      submitted.set(name, submission)
      history.push(submission)
    })
    const [id] = submitted.get(message)?.ids ?? []
    if (!id) return
    const cancelled = percent(traits.cancelled) ? [cancel(message, id)] : []
    const later = isRetried ? often(TRIES, () => retry(id)) : often(random.between(0, 2), () => read(message, id))
    await Promise.all([later, ...cancelled])
  }

  /** Until there is an answer that is no outage. */
  async function repeat(request: HttpRequest): Promise<Answer | null> {
    for (let tried = 1; ; tried++) {
      const answer = await ask(request)
      if ((answer && answer.status < 500) || tried === TRIES) return answer
      await sleep(random.between(100, 5_000))
    }
  }

  async function read(message: string, id: string, final = false): Promise<void> {
    const askedAt = world.now()
    const answer = await get(`/api/v1/messages/${id}`)
    if (!answer || answer.status >= 500) return
    const { status = null, possibleDuplicate = false, problem = null } = answer.status === 200 ? answer.json : {}
    history.push({
      kind: 'read',
      message,
      askedAt,
      answeredAt: world.now(),
      found: answer.status === 200,
      status,
      possibleDuplicate,
      problem: problem?.code ?? null,
      final,
    })
  }

  /** Reads on in the feed of events from where it stopped. Returns whether there was anything. */
  async function readOn(): Promise<boolean> {
    const answer = await get(`${EVENTS}?limit=5&after=${place}`)
    if (answer?.status !== 200) return false
    const items = answer.json.items as MessageEvent[]
    followed.push(...items)
    place = answer.json.next as string
    return items.length > 0
  }

  async function lookAtOwner(): Promise<void> {
    const overview = await get('/api/v1/overview')
    if (overview?.json?.sendingProcess) owners.push(JSON.stringify(overview.json.sendingProcess))
  }

  async function cancel(message: string, id: string): Promise<void> {
    await pause(plan.pauseMs)
    const askedAt = world.now()
    if (random.chance(0.3)) {
      await order('/api/v1/messages/cancel', { filter: { service: 'load' } })
      return
    }
    const answer = await ask({ method: 'POST', url: `/api/v1/messages/${id}/cancel`, headers: service })
    const outcome = outcomeOf(answer, 'cancelled', 'refused')
    history.push({ kind: 'cancel', message, askedAt, answeredAt: world.now(), outcome })
  }

  async function retry(id: string): Promise<void> {
    if (random.chance(0.3)) await order('/api/v1/messages/retry', { filter: { service: 'load' } })
    else await ask({ method: 'POST', url: `/api/v1/messages/${id}/retry`, headers: service })
  }

  async function changeSettings(): Promise<void> {
    const address = SENDERS[changes++ % SENDERS.length] ?? SENDERS[0]
    if (random.chance(0.2)) return void (await order(`${SETTINGS}/send-now`))
    if (random.chance(plan.resets)) {
      await reset()
      await pause(plan.pauseMs)
    }
    return connect(address)
  }

  /** What is recorded of a change by the answer that tells of it. */
  function changed(sender: string | null, askedAt: number, outcome: SenderChanged['outcome'], answer: Answer | null) {
    const requestsOnTheWire = (answer?.json?.requestsOnTheWire as number | null | undefined) ?? null
    history.push({ kind: 'sender', tenant: 't', sender, askedAt, answeredAt: world.now(), outcome, requestsOnTheWire })
  }

  async function reset(): Promise<void> {
    const askedAt = world.now()
    const answer = await order(`${SETTINGS}/reset`)
    changed(null, askedAt, outcomeOf(answer, 'done', 'failed'), answer)
  }

  /** Has Microsoft's answer to a consent come back to the product. */
  async function connect(address: string): Promise<void> {
    const settings = await repeat({ method: 'GET', url: SETTINGS, headers: admin })
    const path = settings?.json?.status === 'not-configured' ? 'configure' : 'update-sender'
    const started = await order(`${SETTINGS}/${path}`, { fromEmail: address, largeAttachments: plan.isReadable })
    if (started?.status !== 201) return
    const { id, consentUrl } = started.json as { id: string; consentUrl: string }
    const state = new URL(consentUrl).searchParams.get('state') ?? ''
    const askedAt = world.now()
    await get(`${CALLBACK}?state=${state}&admin_consent=True&tenant=t`, admin)
    const consent = await repeat({ method: 'GET', url: `/api/v1/consents/${id}`, headers: admin })
    const status = consent?.json?.status as string | undefined
    const isOpen = status === 'pending' || !status
    changed(address, askedAt, status === 'completed' ? 'done' : isOpen ? 'unknown' : 'failed', consent)
  }

  return {
    /** Has all of them work, until nobody has anything to do. */
    async start() {
      await Promise.all([
        ...Array.from({ length: plan.messages }, (_, message) => submit(`m${message + 1}`)),
        often(random.between(0, 5), readOn),
        often(plan.ownerLooks, lookAtOwner),
        ...Array.from({ length: plan.admins }, () => often(plan.settingsChanges, changeSettings)),
      ])
      isBusy = false
    },
    /** From now on nobody pauses: nothing goes wrong any more that would happen meanwhile. */
    hurry: hurry.resolve,
    /** Whether anybody still has something to do. */
    isBusy: () => isBusy,
    /** Everything that was submitted, by the number in its subject. */
    submitted: submitted as ReadonlyMap<string, Submission>,
    get,
    admin,
    connect,
    read,
    readOn,
    lookAtOwner,
    /** What reading on has brought. */
    followed: followed as readonly MessageEvent[],
    /** Who sent, as it was seen. */
    owners: owners as readonly string[],
    /** Reads the feed from its beginning. */
    async readFeed(): Promise<readonly MessageEvent[] | null> {
      const answer = await get(`${EVENTS}?limit=1000&after=0`)
      return answer?.status === 200 ? (answer.json.items as MessageEvent[]) : null
    },
  }
}

/** Without an answer, and while the product is out of order, nobody knows what it did. */
function outcomeOf<Done, Refused>(answer: Answer | null, done: Done, refused: Refused): Done | Refused | 'unknown' {
  if (answer === null || answer.status >= 500) return 'unknown'
  return answer.status < 300 ? done : refused
}

function timeOf(ms: number): string {
  return new Date(STARTS_AT + ms).toISOString()
}
