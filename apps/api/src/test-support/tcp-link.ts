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
  /** Forwards nothing more on the connections on which an answer is awaited, until `mend`. */
  silence(): void
  mend(): void
  /** Forwards the next request with this text, and breaks its connection instead of the answer, or with another one. */
  loseAnswerTo(text: string | RegExp, otherAnswer?: Buffer): void
  /** Breaks the connection of the next request with this text, which goes no further. */
  loseRequest(text: RegExp): void
  close(): Promise<void>
}

export async function createTcpLink(target = 0): Promise<TcpLink> {
  const sockets = new Set<Socket>()
  let isCut = false
  const pairs = new Set<readonly [Socket, Socket]>()
  const unanswering = new Set<readonly [Socket, Socket]>()
  const held = new Set<readonly [Socket, Socket]>()
  let isHeld = false
  let targetPort = target
  let unanswered: { readonly text: string | RegExp; readonly otherAnswer: Buffer | undefined } | null = null
  let lost: RegExp | null = null
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
      if (lost !== null && has(request, lost)) {
        lost = null
        for (const socket of [near, far]) socket.destroy()
      }
      if (unanswered === null || !has(request, unanswered.text)) return
      const { otherAnswer } = unanswered
      unanswered = null
      far
        .unpipe(near)
        .once('data', () => (otherAnswer ? near.end(otherAnswer) : near.destroy()))
        .resume()
    })
    const pair = [near, far] as const
    pairs.add(pair)
    near
      .on('data', () => unanswering.add(pair))
      .once('close', () => {
        for (const all of [pairs, unanswering, held]) all.delete(pair)
      })
    far.on('data', () => unanswering.delete(pair))
    if (isHeld) held.add(pair)
    else near.pipe(far).pipe(near)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const destroyAll = () => {
    for (const socket of sockets) socket.destroy()
  }
  const holdAll = (some: ReadonlySet<readonly [Socket, Socket]>) => {
    for (const pair of some) {
      held.add(pair)
      const [near, far] = pair
      near.unpipe(far).pause()
      far.unpipe(near).pause()
    }
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
      holdAll(pairs)
    },
    silence() {
      holdAll(unanswering)
    },
    mend() {
      isCut = false
      isHeld = false
      for (const [near, far] of held) near.pipe(far).pipe(near)
      held.clear()
    },
    loseAnswerTo(text, otherAnswer) {
      unanswered = { text, otherAnswer }
    },
    loseRequest(text) {
      lost = text
    },
    async close() {
      destroyAll()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function has(request: Buffer, text: string | RegExp): boolean {
  return typeof text === 'string' ? request.includes(text) : text.test(request.toString('latin1'))
}
