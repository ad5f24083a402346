/* oxlint-disable eslint/no-underscore-dangle -- these are smtp-server's names */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { isLoopback } from '@inforiver-mail/m365/loopback'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { SMTPConnection } from 'smtp-server/lib/smtp-connection.js'
import { isInNetworks } from '../domain/ip-networks.ts'
import { MailStream } from './mail-stream.ts'
import { completeReply, type SmtpRefusal } from './reply.ts'

const MAX_RECIPIENTS = 500
/** RFC 5321 section 4.5.3.2.7. */
const IDLE_MS = 5 * 60_000
/** Each refused login by AUTH LOGIN takes two lines besides. */
const MAX_COMMANDS_BEFORE_LOGIN = 200
/** The address of MAIL and RCPT, after a source route, which is ignored (RFC 5321 appendix C). */
const ADDRESS = /^[^:]*:\s*<(?:@[^<>:]*:)?([^<>@]+@[^<>@]+)>/
/** These are of no use here, or jokes. */
const DISABLED = ['XCLIENT', 'XFORWARD', 'WIZ', 'SHELL', 'KILL']

export interface ListenerRules {
  /** Why new connections are refused now; null when they are accepted. */
  readonly refusalOf: () => SmtpRefusal | null
  /** Told of every connection that is accepted, before any TLS. */
  readonly onAccepted: (connection: Connection) => void
  /** Whether a client of this address may log in without TLS. */
  readonly mayBePlain: (address: string) => boolean
  /** The most bytes of a mail, as it is announced. */
  readonly announcedBytes: () => number
  /** Told of every reply that refuses. */
  readonly onRefused: (code: number) => void
}

/** Returns a test of whether an address may come without TLS: this machine may, and the listed networks. */
export function createPlainPeers(networks: readonly string[]): (address: string) => boolean {
  return (address) => isLoopback(address) || isInNetworks(address, networks)
}

/** The TLS of a listener. */
export interface ListenerTls {
  readonly cert: string
  readonly key: string
}

export type Handlers = Required<
  Pick<SMTPServerOptions, 'onConnect' | 'onAuth' | 'onMailFrom' | 'onRcptTo' | 'onData' | 'onClose'>
>

/** With forward secrecy: what is recorded today cannot be read with a key that is stolen later. */
const CIPHERS = 'ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES'
/** OpenSSL has no cipher for TLS 1.0 and 1.1 at its default level. */
const CIPHERS_OF_OLD_DEVICES = 'DEFAULT@SECLEVEL=0'
const MIN_VERSIONS = { '1.0': 'TLSv1', '1.1': 'TLSv1.1', '1.2': 'TLSv1.2', '1.3': 'TLSv1.3' } as const

/** Creates a listener for one port, not yet listening. Without a certificate it offers no TLS. */
export function createListener({
  tls,
  fromFirstByte,
  minTls,
  closeWithinMs,
  handlers,
  rules,
}: {
  tls: ListenerTls | null
  /** TLS at once, and not by STARTTLS. */
  fromFirstByte: boolean
  minTls: keyof typeof MIN_VERSIONS
  closeWithinMs: number
  handlers: Handlers
  rules: ListenerRules
}): Listener {
  return new Listener(
    {
      ...tls,
      secure: fromFirstByte,
      needsUpgrade: fromFirstByte, // a connection exists before its TLS does, so that it can be ended meanwhile
      minVersion: MIN_VERSIONS[minTls],
      ciphers: minTls === '1.0' || minTls === '1.1' ? CIPHERS_OF_OLD_DEVICES : CIPHERS,
      disabledCommands: tls === null ? [...DISABLED, 'STARTTLS'] : DISABLED,
      authMethods: ['PLAIN', 'LOGIN'],
      authRequiredMessage: 'Log in first: AUTH PLAIN or LOGIN, with a service key as the password.',
      allowInsecureAuth: true, // the connection decides by the address
      hideENHANCEDSTATUSCODES: true, // reply.ts writes them
      lenientAddressParsing: true, // recipients are checked like those of the REST API, and any sender is taken
      disableReverseLookup: true,
      maxRecipients: MAX_RECIPIENTS,
      maxAllowedUnauthenticatedCommands: MAX_COMMANDS_BEFORE_LOGIN,
      socketTimeout: IDLE_MS,
      closeTimeout: closeWithinMs,
      banner: 'Inforiver Mail',
      heloResponse: '%s',
      logger: false,
      ...handlers,
    },
    rules,
  )
}

export class Listener extends SMTPServer {
  readonly #rules: ListenerRules

  constructor(options: SMTPServerOptions, rules: ListenerRules) {
    super(options)
    this.#rules = rules
    // smtp-server's own listener would begin TLS before anybody has counted the connection.
    this.server.removeAllListeners('connection').on('connection', (socket: Socket) => this.#accept(socket))
  }

  #accept(socket: Socket): void {
    const refusal = this.#rules.refusalOf()
    if (refusal === null) {
      this.connect(socket)
      return
    }
    socket.on('error', () => {}) // the client may be gone already
    this.#rules.onRefused(refusal.responseCode)
    if (!this.options.secure) socket.write(`${refusal.responseCode} ${refusal.message}\r\n`)
    socket.destroySoon()
  }

  override connect(socket: Socket): void {
    const connection = new Connection(this, socket, this.#rules)
    this.connections.add(connection)
    connection.on('error', (error: Error) => this.emit('error', error))
    connection.init()
    this.#rules.onAccepted(connection)
  }

  /** @throws the error of the socket */
  async start(port: number, host: string): Promise<void> {
    this.listen(port, host)
    await once(this.server, 'listening')
  }
}

/** Writes its own enhanced status codes, and refuses a login without TLS from another machine. */
export class Connection extends SMTPConnection {
  readonly #rules: ListenerRules
  /** The socket that its TLS, or else the network, is read from. */
  #topSocket: Socket | TLSSocket

  constructor(server: SMTPServer, socket: Socket, rules: ListenerRules) {
    super(server, socket, null)
    this.#rules = rules
    this.#topSocket = socket
  }

  /** Sends an unsolicited reply, and closes the connection. During a handshake it only closes. */
  dismiss({ responseCode, message }: SmtpRefusal): void {
    this.send(responseCode, message)
    this.close()
  }

  override close(): void {
    // Node ends with a segmentation fault where the socket beneath a handshake is destroyed.
    if (this._upgrading) this.#topSocket.destroy()
    else super.close()
  }

  override _armTimeout(socket?: Socket): void {
    this.#topSocket = socket ?? this.#topSocket
    super._armTimeout(socket)
  }

  override _createParser(): MailStream {
    const parser = new MailStream()
    parser.oncommand = (command, callback) => this._onCommand(command, callback)
    parser.on('error', (error) => this.send(421, `Error: ${error.message}`))
    return parser
  }

  override send(code: number, data?: string | string[] | null, context?: string | false): void {
    if (Array.isArray(data)) {
      super.send(code, this.#withFeatures(data), context)
      return
    }
    const reply = completeReply(code, data ?? '', context)
    if (reply.code >= 400) this.#rules.onRefused(reply.code)
    super.send(reply.code, reply.text, false)
  }

  override handler_AUTH(command: Buffer, callback: () => void): void {
    if (this.#mayLogIn()) {
      super.handler_AUTH(command, callback)
      return
    }
    this.send(538, 'Begin TLS first (STARTTLS): a key is not taken over a plain connection from this address.')
    callback()
  }

  /** Keeps an address as it was given: smtp-server turns a domain in ASCII (xn--…) into Unicode. */
  override _parseAddressCommand(name: string, command: Buffer | string) {
    const parsed = super._parseAddressCommand(name, command)
    const given = ADDRESS.exec(command.toString())?.[1]
    return parsed && given !== undefined ? { ...parsed, address: given } : parsed
  }

  #mayLogIn(): boolean {
    return this.secure || this.#rules.mayBePlain(this.remoteAddress)
  }

  #withFeatures([greeting = '', ...features]: readonly string[]): string[] {
    const offered = features.filter((feature) => !feature.startsWith('AUTH') || this.#mayLogIn())
    return [greeting, ...offered, 'ENHANCEDSTATUSCODES', `SIZE ${this.#rules.announcedBytes()}`]
  }
}
