import { connect, createServer, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'

/** A TCP proxy that stands for a network or a load balancer, and can be cut or redirected. */
export interface TcpLink {
  readonly port: number
  /** Breaks every connection, and forwards new ones to another port. */
  leadTo(port: number): void
  /** Breaks every connection, and refuses new ones until `mend`. */
  cut(): void
  /** Keeps every connection open but forwards nothing, until `mend`. */
  hold(): void
  mend(): void
  /** Forwards the next request with this text, and breaks its connection instead of the answer, or with another one. */
  loseAnswerTo(text: string, otherAnswer?: Buffer): void
  close(): Promise<void>
}

export async function createTcpLink(target = 0): Promise<TcpLink> {
  const sockets = new Set<Socket>()
  let isCut = false
  const pairs = new Set<readonly [Socket, Socket]>()
  let isHeld = false
  let targetPort = target
  let unanswered: { readonly text: string; readonly otherAnswer: Buffer | undefined } | null = null
  const server = createServer((near) => {
    if (isCut) {
      near.destroy()
      return
    }
    const far = connect(targetPort, '127.0.0.1')
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.once('close', () => {
        sockets.delete(socket)
        near.destroy()
        far.destroy()
      })
    }
    near.on('data', (request: Buffer) => {
      if (unanswered === null || !request.includes(unanswered.text)) return
      const { otherAnswer } = unanswered
      unanswered = null
      far
        .unpipe(near)
        .once('data', () => (otherAnswer ? near.end(otherAnswer) : near.destroy()))
        .resume()
    })
    const pair = [near, far] as const
    pairs.add(pair)
    near.once('close', () => pairs.delete(pair))
    if (!isHeld) near.pipe(far).pipe(near)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const destroyAll = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: (server.address() as AddressInfo).port,
    leadTo(port) {
      targetPort = port
      destroyAll()
    },
    cut() {
      isCut = true
      destroyAll()
    },
    hold() {
      isHeld = true
      for (const [near, far] of pairs) {
        near.unpipe(far).pause()
        far.unpipe(near).pause()
      }
    },
    mend() {
      isCut = false
      if (isHeld) for (const [near, far] of pairs) near.pipe(far).pipe(near)
      isHeld = false
    },
    loseAnswerTo(text, otherAnswer) {
      unanswered = { text, otherAnswer }
    },
    async close() {
      destroyAll()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
