import { connect as connectPlain, type Socket } from 'node:net'
import { connect as connectTls, TLSSocket, type ConnectionOptions } from 'node:tls'
import { once } from 'node:events'

/** A client that sends exactly what it is told, and reads reply by reply. */
export interface SmtpClient {
  /** Sends a line, and returns the reply: all lines, joined by a line break. */
  command(line: string): Promise<string>
  /** Sends these bytes as they are. */
  write(data: string | Buffer): void
  /** Reads the next reply. Rejects when the connection is closed before. */
  reply(): Promise<string>
  /** Logs in by AUTH PLAIN. */
  logIn(key: string, user?: string): Promise<string>
  /** Sends EHLO and STARTTLS, and goes on over TLS. */
  startTls(options?: ConnectionOptions): Promise<void>
  /** Sends an envelope and content, dot-stuffed already, without the final dot; returns the reply to the content. */
  send(envelope: { from?: string; to: readonly string[] }, content: string | Buffer): Promise<string>
  /** Resolves when the server has closed the connection. */
  readonly closed: Promise<void>
  readonly socket: Socket
  /** The name in the certificate that the server shows. */
  readonly certificateName: string | undefined
  close(): void
}

/** Connects, and reads the greeting. */
export async function connectSmtp(port: number, tls?: ConnectionOptions): Promise<SmtpClient> {
  let socket: Socket = tls
    ? connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ...tls })
    : connectPlain(port, '127.0.0.1')
  const replies = createReplies()
  listen()
  await once(socket, tls ? 'secureConnect' : 'connect')
  const client: SmtpClient = {
    async command(line) {
      socket.write(`${line}\r\n`)
      return replies.next()
    },
    write: (data) => void socket.write(data),
    reply: () => replies.next(),
    logIn: (key, user = 'device') =>
      client.command(`AUTH PLAIN ${Buffer.from(`\0${user}\0${key}`).toString('base64')}`),
    async startTls(options = {}) {
      await client.command('EHLO client.example')
      await client.command('STARTTLS')
      socket.removeAllListeners()
      socket = connectTls({ socket, rejectUnauthorized: false, ...options })
      listen()
      await once(socket, 'secureConnect')
    },
    async send({ from = 'device@contoso.com', to }, content) {
      await client.command(`MAIL FROM:<${from}>`)
      for (const address of to) await client.command(`RCPT TO:<${address}>`)
      await client.command('DATA')
      socket.write(content)
      return client.command('\r\n.')
    },
    get closed() {
      return replies.ended
    },
    get socket() {
      return socket
    },
    get certificateName() {
      const name = socket instanceof TLSSocket ? socket.getPeerCertificate().subject.CN : undefined
      return Array.isArray(name) ? name[0] : name
    },
    close: () => void socket.destroy(),
  }
  await client.reply()
  return client

  function listen(): void {
    socket.on('data', (data: Buffer) => replies.take(data))
    socket.on('error', (error: Error) => replies.end(error))
    socket.on('close', () => replies.end(new Error('The connection is closed.')))
  }
}

function createReplies() {
  let text = ''
  let lines: string[] = []
  let failure: Error | null = null
  const complete: string[] = []
  const waiting: { resolve: (reply: string) => void; reject: (error: Error) => void }[] = []
  const ended = Promise.withResolvers<void>()
  return {
    ended: ended.promise,
    take(data: Buffer) {
      text += data.toString('latin1')
      for (let end = text.indexOf('\r\n'); end >= 0; end = text.indexOf('\r\n')) {
        const line = text.slice(0, end)
        text = text.slice(end + 2)
        lines.push(line)
        if (/^\d{3}-/.test(line)) continue
        const reply = lines.join('\n')
        lines = []
        const first = waiting.shift()
        if (first) first.resolve(reply)
        else complete.push(reply)
      }
    },
    end(error: Error) {
      failure ??= error
      ended.resolve()
      for (const { reject } of waiting.splice(0)) reject(failure)
    },
    async next(): Promise<string> {
      const first = complete.shift()
      if (first !== undefined) return first
      if (failure) throw failure
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }))
    },
  }
}
