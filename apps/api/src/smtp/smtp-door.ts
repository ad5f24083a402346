import { EmailAddress } from '@inforiver-mail/contract/email-address'
import type { FastifyBaseLogger } from 'fastify'
import type { SMTPServerDataStream, SMTPServerSession } from 'smtp-server'
import type { Timers } from '../runtime/clock.ts'
import type { Accept, Accepted, Sender } from '../domain/arriving-message.ts'
import type { Outage } from '../domain/outage.ts'
import { createArrivingBody, type Pace } from '../http/arriving-body.ts'
import { ProblemError } from '../http/problem.ts'
import { createBodyMemory } from '../memory/body-memory.ts'
import { sayMemoryShare } from '../http/request-bodies.ts'
import type { BodyBudget } from '../memory/body-budget.ts'
import { SMALL_BODY_BYTES } from '../memory/memory-use.ts'
import { holderOf } from '../memory/shares.ts'
import type { FindKey } from '../queue/intake/idempotency.ts'
import { createRefusalLimit } from '../runtime/refusal-limit.ts'
import type { SubmitSettings } from '../domain/submit-settings.ts'
import type { Tracing } from '../runtime/tracing.ts'
import { createConnectionPlaces } from './connection-places.ts'
import type { Login } from './login.ts'
import { createMailMemory } from './mail-memory.ts'
import { readMail, repetitionKey, toMessageInput, toMimeContent, tooLarge, type Envelope } from './receive-mail.ts'
import { SmtpRefusal, toRefusal } from './reply.ts'
import type { SmtpMetrics } from './smtp-metrics.ts'
import { createListener, type Connection, type Handlers, type Listener, type ListenerTls } from './smtp-listener.ts'
import type { SizeLimit } from './size-limit.ts'

const MAX_MESSAGES_PER_CONNECTION = 1_000
/** The pace of uploads to the REST API. */
const PACE: Pace = { bytes: 64 * 1024, ms: 120_000 }
const LONGEST_WAIT_FOR_MEMORY_MS = 30_000
/** The same as for clients of the REST API. */
const STOP_WITHIN_MS = 9_000
const LOGIN_WITHIN_MS = 30_000

export interface SmtpDoorDeps {
  readonly ports: { readonly host: string; readonly port: number | null; readonly tlsPort: number | null }
  readonly minTls: Parameters<typeof createListener>[0]['minTls']
  readonly certificate: ListenerTls | null
  readonly mayBePlain: (address: string) => boolean
  /** How many connections of one address may wait for a login. */
  readonly beforeLoginPerAddress: number
  readonly timers: Pick<Timers, 'after'>
  readonly from: 'rewrite' | 'refuse'
  /** The tenant whose limit is announced to strangers. */
  readonly tenantId: string
  readonly logIn: (given: { user: string; password: string; client: string }) => Promise<Login>
  /**
   * Reads the settings that a new message is held to, together with the key of its service.
   *
   * @throws {ProblemError} where the key does not open this any more
   */
  readonly readSettings: (presented: { readonly key: string; readonly client: string }) => Promise<SubmitSettings>
  readonly sizeLimit: SizeLimit
  /** Refuses a recipient that the installation or the key does not allow. @throws {ProblemError} */
  readonly requireRecipient: (sender: Sender, address: string) => void
  readonly findKey: FindKey
  readonly accept: Accept
  readonly tracing: Tracing
  readonly budget: BodyBudget
  readonly metrics: SmtpMetrics
  readonly outageOf: (error: unknown) => Outage | null
  readonly logger: FastifyBaseLogger
}

export type SmtpDoor = ReturnType<typeof createSmtpDoor>

const STOPPING = new SmtpRefusal(421, '4.3.2', 'This server is stopping. Try again in a moment.')
/** TLS of the client that is older than `SMTP_LISTEN_MIN_TLS`, or has no cipher in common. */
const TOO_OLD = new Set(['ERR_SSL_UNSUPPORTED_PROTOCOL', 'ERR_SSL_NO_SHARED_CIPHER'])

/** smtp-server says where it is from, on the error itself or beside it. */
interface ConnectionError extends Error {
  readonly code?: string
  readonly remoteAddress?: string
  readonly meta?: { readonly remoteAddress?: string }
}

/** What is known of a connection. */
interface Visit {
  readonly client: string
  readonly connection: Connection
  password: string | null
  user: string
  login: Login | null
  messages: number
  isReceiving: boolean
}

/** Takes mail by SMTP, and hands it to the intake of the REST API. */
export function createSmtpDoor(deps: SmtpDoorDeps) {
  const { ports, tenantId, logIn, sizeLimit, metrics, outageOf, logger } = deps
  const visits = new Map<SMTPServerSession, Visit>()
  const places = createConnectionPlaces<Connection>({
    beforeLoginPerAddress: deps.beforeLoginPerAddress,
    loginWithinMs: LOGIN_WITHIN_MS,
    timers: deps.timers,
    onDisplaced(client) {
      if (displacements.allows('displaced', client))
        logger.warn({ client }, 'the smtp connection that waited longest for a login made room for another one')
    },
  })
  const displacements = createRefusalLimit(({ count }) =>
    logger.warn({ connections: count }, 'more smtp connections that waited for a login made room for others'),
  )
  const handshakes = createRefusalLimit(({ code, count }) =>
    logger.warn({ code, handshakes: count }, 'more smtp tls handshakes failed'),
  )
  let announcedBytes = 0
  let isListening = false
  let isClosing = false

  const rules = {
    refusalOf: () => (isClosing ? STOPPING : null),
    onAccepted: enter,
    mayBePlain: deps.mayBePlain,
    announcedBytes: () => announcedBytes,
    onRefused: (code: number) => metrics.refused(code),
  }
  const handlers: Handlers = {
    onConnect: (session, done) => void answer(greet(session), (refusal) => done(refusal)),
    onAuth(auth, session, done) {
      const login = authenticate(session, auth.username ?? '', auth.password ?? '')
      void answer(login, (refusal, user) => done(refusal, { user }))
    },
    onMailFrom: ({ args }, session, done) =>
      void answer(beginMessage(session, declaredSize(args)), (refusal) => done(refusal)),
    onRcptTo: ({ address }, session, done) => void answer(checkRecipient(session, address), (refusal) => done(refusal)),
    onData: (stream, session, done) => void receive(stream, session, done),
    onClose: leave,
  }
  const shared = { tls: deps.certificate, minTls: deps.minTls, closeWithinMs: STOP_WITHIN_MS, handlers, rules }
  const listeners: { readonly port: number; readonly listener: Listener }[] = []
  for (const [port, fromFirstByte] of [
    [ports.port, false],
    [ports.tlsPort, true],
  ] as const) {
    if (port === null) continue
    const listener = createListener({ ...shared, fromFirstByte })
    listener.on('error', noteFailure)
    listeners.push({ port, listener })
  }

  /** Warns of TLS failures of old devices, rate-limited; other broken connections are logged for debugging only. */
  function noteFailure(error: ConnectionError): void {
    const { code = '', remoteAddress = '' } = { ...error.meta, ...error }
    if (!TOO_OLD.has(code)) logger.debug({ err: error }, 'smtp connection failed')
    else if (handshakes.allows(code, remoteAddress))
      logger.warn(
        { client: remoteAddress, code },
        'smtp tls handshake failed: the client offers no TLS that is taken here',
      )
  }

  function enter(connection: Connection): void {
    const client = connection.remoteAddress
    visits.set(connection.session, {
      client,
      connection,
      password: null,
      user: '',
      login: null,
      messages: 0,
      isReceiving: false,
    })
    metrics.connected(visits.size)
    places.enter(connection, client)
  }

  function leave(session: SMTPServerSession): void {
    const visit = visits.get(session)
    if (visit) places.leave(visit.connection)
    visits.delete(session)
    metrics.connected(visits.size)
  }

  function visitOf(session: SMTPServerSession): Visit {
    const visit = visits.get(session)
    if (!visit) throw new SmtpRefusal(421, '4.4.2', 'The connection is closed.')
    return visit
  }

  async function greet(session: SMTPServerSession): Promise<void> {
    visitOf(session)
    announcedBytes = await sizeLimit.announce(tenantId)
  }

  async function authenticate(session: SMTPServerSession, user: string, password: string): Promise<Login> {
    const visit = visitOf(session)
    const login = await logIn({ user, password, client: visit.client })
    if (!visits.has(session)) throw new SmtpRefusal(421, '4.4.2', 'The connection is closed.')
    places.logIn(visit.connection, { holder: holderOf(login), keyId: login.keyId })
    Object.assign(visit, { login, user, password })
    return login
  }

  /** A key may be revoked while its connection is open, so each message asks again. */
  async function beginMessage(session: SMTPServerSession, declaredBytes: number | null): Promise<void> {
    const visit = visitOf(session)
    const { user, password, client } = visit
    if (visit.login === null || password === null) throw new SmtpRefusal(530, '5.7.0', 'Log in first.')
    if (visit.messages >= MAX_MESSAGES_PER_CONNECTION)
      throw new SmtpRefusal(421, '4.7.0', 'Enough messages for one connection. Connect again for the next one.')
    visit.messages += 1
    visit.login = await logIn({ user, password, client })
    if (declaredBytes === null || declaredBytes <= SMALL_BODY_BYTES) return
    const limitBytes = await sizeLimit.read(visit.login.tenantId)
    if (declaredBytes > limitBytes) throw tooLarge(limitBytes)
  }

  async function checkRecipient(session: SMTPServerSession, address: string): Promise<void> {
    const { login } = visitOf(session)
    if (login === null) throw new SmtpRefusal(530, '5.7.0', 'Log in first.')
    const parsed = EmailAddress.safeParse(address)
    if (!parsed.success)
      throw new SmtpRefusal(501, '5.1.3', parsed.error.issues[0]?.message ?? 'The address is not well-formed.')
    deps.requireRecipient(login, address)
  }

  async function receive(
    stream: SMTPServerDataStream,
    session: SMTPServerSession,
    done: (error?: Error | null, message?: string) => void,
  ): Promise<void> {
    const visit = visitOf(session)
    visit.isReceiving = true
    const memory = createBodyMemory(deps.budget, {
      holder: () => (visit.login === null ? 'strangers' : holderOf(visit.login)),
      longestWaitMs: LONGEST_WAIT_FOR_MEMORY_MS,
      timeoutError: () => new ProblemError('unavailable', 'Other large messages are stored. Try again in a moment.'),
      shareError: (holder) => new ProblemError('unavailable', sayMemoryShare(deps.budget, holder)),
    })
    const { stream: body } = createArrivingBody(stream, {
      onStart() {},
      admit() {},
      pace: () => PACE,
      onTooSlow: () => body.destroy(new SmtpRefusal(421, '4.4.2', 'The message arrives too slowly. Nothing is kept.')),
    })
    try {
      const id = await deps.tracing.submit(
        { traceparent: undefined, elapsedMs: 0 },
        (traceparent) => take(body, { session, visit, memory, traceparent }),
        (messageId) => messageId,
      )
      metrics.accepted()
      done(null, `2.0.0 OK queued as ${id}`)
    } catch (error) {
      // A connection that has just closed is reported here before it leaves.
      const isCutOff = stream.destroyed && !stream.readableEnded
      if (isCutOff || !visits.has(session)) {
        logger.info({ client: visit.client }, 'the smtp client went away before its message had arrived')
        return
      }
      const refusal = refusalOf(error)
      logger.info(
        { service: visit.login?.service, client: visit.client, reply: refusal.message },
        'smtp message refused',
      )
      // Whoever is still sending reads no answer to come.
      if (stream.readableEnded || refusal.responseCode === 451) done(refusal)
      else visit.connection.dismiss(refusal)
    } finally {
      memory.release()
      visit.isReceiving = false
    }
    if (isClosing) visit.connection.dismiss(STOPPING)
  }

  /** Returns the id of the message that is stored, or of the first one where this repeats it. */
  async function take(
    body: AsyncIterable<Buffer>,
    {
      session: { envelope },
      visit,
      memory,
      traceparent,
    }: {
      session: SMTPServerSession
      visit: Visit
      memory: ReturnType<typeof createBodyMemory>
      traceparent: string | null
    },
  ): Promise<string> {
    const { client, password, login } = visit
    if (login === null || password === null) throw new SmtpRefusal(530, '5.7.0', 'Log in first.')
    const { tenantId, service } = login
    const { mailFrom } = envelope
    const sent: Envelope = {
      from: mailFrom ? mailFrom.address : '',
      recipients: envelope.rcptTo.map(({ address }) => address),
    }
    const mailMemory = createMailMemory(memory, mailFrom ? declaredSize(mailFrom.args) : null)
    let key: string | null = null
    let isRevoked = false

    /** The settings are read once the mail has arrived, and that may take long: the key is looked up in the same turn. */
    const readSettings = async (): Promise<SubmitSettings> => {
      try {
        return await deps.readSettings({ key: password, client })
      } catch (error) {
        if (!(error instanceof ProblemError) || error.status >= 500) throw error
        isRevoked = true
        throw new SmtpRefusal(554, '5.7.1', 'The service key is no longer valid. Nothing of the message is kept.')
      }
    }

    const accepting = deps.accept({
      sender: login,
      memory: mailMemory.forIntake,
      traceparent,
      log: logger,
      readSettings,
      async read(sink, check, readSender) {
        const arrived = await readMail(body, { sink, memory: mailMemory, readLimit: () => sizeLimit.read(tenantId) })
        key = repetitionKey(sent, arrived)
        if ('fault' in arrived.result) throw arrived.result.fault
        const mime = toMimeContent(arrived)
        const input = toMessageInput(arrived.result.mail, sent, { sender: await readSender(), from: deps.from })
        await check(input)
        const { leftOut } = arrived.result.mail.header
        if (leftOut.length > 0 && mime === null)
          logger.info({ service, headers: leftOut.slice(0, 20) }, 'smtp message: more X- headers than Microsoft takes')
        return { input, mime, idempotencyKey: key, contentHash: arrived.hash }
      },
    })
    const { ids, messages } = await accepting.catch(async (error: unknown): Promise<Accepted> => {
      if (!(error instanceof ProblemError || error instanceof SmtpRefusal)) throw error
      // What was accepted before is accepted again, even if it would be refused now.
      const first = key === null || isRevoked ? null : await deps.findKey({ tenantId, service, key })
      if (first === null) throw error
      return { ids: first.messageIds, messages: null }
    })
    const [id = ''] = ids
    if (messages === null) logger.info({ message: id, service, repeated: true }, 'message accepted')
    return id
  }

  /** Calls back with what became of a check, since smtp-server takes callbacks. */
  async function answer<Value>(
    check: Promise<Value>,
    done: (error: Error | null, value?: Value) => void,
  ): Promise<void> {
    let outcome: { readonly value: Value } | { readonly refusal: SmtpRefusal }
    try {
      outcome = { value: await check }
    } catch (error) {
      outcome = { refusal: refusalOf(error) }
    }
    if ('refusal' in outcome) done(outcome.refusal)
    else done(null, outcome.value)
  }

  function refusalOf(error: unknown): SmtpRefusal {
    const refusal = toRefusal(error, outageOf)
    if (refusal !== null) return refusal
    logger.error({ err: error }, 'smtp command failed')
    return new SmtpRefusal(451, '4.3.0', 'Something failed here; the cause is in the log. Try again later.')
  }

  return {
    /** @throws the error of the socket */
    async listen(): Promise<void> {
      announcedBytes = await sizeLimit.announce(tenantId)
      for (const { port, listener } of listeners) await listener.start(port, ports.host)
      isListening = true
    },
    /** A sentence where it takes no connections; null otherwise. */
    whatIsWrong: (): string | null => (isListening && !isClosing ? null : 'The SMTP door does not listen.'),
    /** Uses another certificate for new connections. */
    useCertificate(certificate: ListenerTls): void {
      for (const { listener } of listeners) listener.updateSecureContext(certificate)
    },
    /** Gives messages that are arriving some seconds to finish. */
    async close(): Promise<void> {
      isClosing = true
      const closed = listeners.map(({ listener }) => new Promise<void>((resolve) => listener.close(resolve)))
      for (const { connection, isReceiving } of visits.values()) if (!isReceiving) connection.dismiss(STOPPING)
      await Promise.all(closed)
    },
  }
}

function declaredSize(args: Readonly<Record<string, string | true>> | false): number | null {
  const size = args === false ? undefined : args['SIZE']
  return typeof size === 'string' ? Number(size) : null
}
