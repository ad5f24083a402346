import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { HeldBecause, MessageProblem } from '@inforiver-mail/contract/message'
import { toMessageProblem, type Failure } from '@inforiver-mail/m365/classify-failure'
import { createContentCipher } from '@inforiver-mail/m365/content-cipher'
import type { GraphMailer, SendOutcome } from '@inforiver-mail/m365/graph-mailer'
import type { OutgoingMessage } from '@inforiver-mail/m365/outgoing-message'
import type { RandomBytes } from '@inforiver-mail/m365/random'
import type { TokenVault } from '@inforiver-mail/m365/token-vault'
import type { FastifyBaseLogger } from 'fastify'
import type { DeliveryStore, LeasedMessage, Outcome } from './delivery-store.ts'

// queued --claimed under a lease--> sending --Microsoft accepts--> sent
//                                   sending --Microsoft refuses, or does not answer--> failed
//                                   sending --no access--> held --access again--> queued
// A lease that runs out means that its worker died in the middle: the message may have been sent.

const LEASE_MS = 60_000
const RENEW_EVERY_MS = 20_000
const BATCH = 10
const POLL_EVERY_MS = 5_000
const AFTER_FAILURE_MS = 2_000

/** What a message is sent with, or why it cannot be sent now. */
type Access =
  | {
      readonly outcome: 'granted'
      readonly accessToken: string
      readonly grantVersion: number
      readonly connection: {
        readonly fromEmail: string
        readonly mailbox: string
        readonly permissions: readonly string[]
      }
    }
  | { readonly outcome: 'held'; readonly because: HeldBecause }
  | { readonly outcome: 'unavailable'; readonly detail: string }

export interface Worker {
  start(): void
  /** Finishes what is under way. */
  stop(): Promise<void>
}

export function createWorker(parts: {
  store: DeliveryStore
  access: (tenantId: string, options: { refused?: number; signal: AbortSignal }) => Promise<Access>
  mailer: GraphMailer
  vault: TokenVault
  clock: () => Date
  random: RandomBytes
  logger: FastifyBaseLogger
}): Worker {
  const { store, access, mailer, vault, clock, random, logger } = parts
  let stopping = new AbortController()
  let wakeUp = new AbortController()
  let loop: Promise<void> | null = null
  let listener: { stop(): Promise<void> } | null = null

  return {
    start() {
      stopping = new AbortController()
      listener = store.listen(() => wakeUp.abort())
      loop = run()
    },
    async stop() {
      stopping.abort()
      wakeUp.abort()
      await loop
      await listener?.stop()
    },
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        const found = await deliverDue()
        if (!found) await pause(POLL_EVERY_MS)
      } catch (error) {
        logger.error({ err: error }, 'the delivery could not go on; trying again')
        await pause(AFTER_FAILURE_MS)
      }
    }
  }

  /** Sleeps until a message may be due. */
  async function pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: wakeUp.signal }).catch(() => {})
    if (!stopping.signal.aborted) wakeUp = new AbortController()
  }

  async function deliverDue(): Promise<boolean> {
    for (const id of await store.failAbandoned(ABANDONED, clock()))
      logger.error({ message: id }, 'a worker ended in the middle of a delivery')
    const now = clock()
    const messages = await store.claim({ leaseOwner: randomUUID(), leaseUntil: leaseEnd(), now, limit: BATCH })
    await Promise.all(
      messages.map((message) =>
        deliver(message).catch((error: unknown) =>
          logger.error({ err: error, message: message.id }, 'the delivery broke off'),
        ),
      ),
    )
    return messages.length > 0
  }

  async function deliver(message: LeasedMessage): Promise<void> {
    const lost = new AbortController()
    const renewal = setInterval(() => {
      store.renew(message, leaseEnd()).then(
        (held) => held || lost.abort(),
        (error: unknown) => logger.warn({ err: error, message: message.id }, 'the lease could not be renewed'),
      )
    }, RENEW_EVERY_MS)
    try {
      const outcome = await attempt(message, lost.signal)
      const written = await store.finish(message, outcome, clock())
      logOutcome(message.id, outcome, written)
    } finally {
      clearInterval(renewal)
    }
  }

  async function attempt(message: LeasedMessage, signal: AbortSignal): Promise<Outcome> {
    const content = await open(message)
    let granted = await access(message.tenantId, { signal })
    if (granted.outcome !== 'granted') return withoutAccess(granted)
    let sent = await send(message.id, content, granted, signal)
    if (sent.outcome === 'unauthorized') {
      granted = await access(message.tenantId, { refused: granted.grantVersion, signal })
      if (granted.outcome !== 'granted') return withoutAccess(granted)
      sent = await send(message.id, content, granted, signal)
    }
    const { fromEmail } = granted.connection
    if (sent.outcome === 'sent')
      return {
        status: 'sent',
        fromEmail,
        attempt: { outcome: 'sent', code: null, detail: 'Microsoft accepted the message.' },
      }
    return failed(sent, fromEmail)
  }

  async function open({
    id,
    tenantId,
    contentKeySealed,
    content,
  }: LeasedMessage): Promise<Omit<OutgoingMessage, 'id' | 'from'>> {
    const contentKey = await vault.open(contentKeySealed, { tenant: tenantId, record: id, purpose: 'content-key' })
    const place = { tenant: tenantId, message: id, part: 'body', chunk: 0, last: true }
    return JSON.parse(createContentCipher(contentKey, random).open(content, place).toString('utf8')) as Omit<
      OutgoingMessage,
      'id' | 'from'
    >
  }

  async function send(
    id: string,
    content: Omit<OutgoingMessage, 'id' | 'from'>,
    { accessToken, connection }: Extract<Access, { outcome: 'granted' }>,
    signal: AbortSignal,
  ): Promise<SendOutcome> {
    return mailer.send(
      { ...content, id, from: { address: connection.fromEmail } },
      {
        accessToken,
        signal,
        sender: { own: connection.mailbox === 'own', grantedPermissions: connection.permissions },
      },
    )
  }

  function leaseEnd(): Date {
    return new Date(clock().getTime() + LEASE_MS)
  }

  function logOutcome(id: string, outcome: Outcome, written: boolean): void {
    if (!written) {
      logger.warn({ message: id, status: outcome.status }, 'the lease was lost before the outcome could be written')
    } else if (outcome.status === 'sent') logger.info({ message: id }, 'message sent')
    else if (outcome.status === 'held') logger.warn({ message: id, because: outcome.because }, 'message held')
    else {
      const { code, microsoftCode, requestId } = outcome.problem
      logger.error({ message: id, code, microsoftCode, requestId }, 'message failed')
    }
  }
}

const ABANDONED: MessageProblem = {
  code: 'outcome-unknown',
  title: 'It is not known whether the message was sent',
  detail: 'The process that was sending it ended before Microsoft’s answer was written down.',
  microsoftCode: null,
  requestId: null,
}

function withoutAccess(access: Exclude<Access, { outcome: 'granted' }>): Outcome {
  if (access.outcome === 'held') return { status: 'held', because: access.because }
  return {
    status: 'failed',
    fromEmail: null,
    attempt: { outcome: 'unavailable', code: null, detail: access.detail },
    problem: {
      code: 'gave-up',
      title: 'Microsoft could not be reached',
      detail: access.detail,
      microsoftCode: null,
      requestId: null,
    },
  }
}

function failed(failure: Failure, fromEmail: string): Outcome {
  const outcome = failure.outcome === 'unauthorized' ? 'refused' : failure.outcome
  return {
    status: 'failed',
    fromEmail,
    attempt: { outcome, code: failure.microsoftCode, detail: failure.detail },
    problem: failure.outcome === 'refused' ? toMessageProblem(failure) : unsettledProblem(failure),
  }
}

function unsettledProblem({
  outcome,
  detail,
  microsoftCode,
  requestId,
}: Exclude<Failure, { outcome: 'refused' }>): MessageProblem {
  return outcome === 'unknown'
    ? {
        code: 'outcome-unknown',
        title: 'It is not known whether the message was sent',
        detail,
        microsoftCode,
        requestId,
      }
    : { code: 'gave-up', title: 'Microsoft did not take the message', detail, microsoftCode, requestId }
}
