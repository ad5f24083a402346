import { finished, Readable } from 'node:stream'

/** As fast as a client has to send: so many bytes within so long. */
export interface Pace {
  readonly bytes: number
  readonly ms: number
}

export interface ArrivingBody {
  readonly stream: Readable
  /** Another pace holds from now on. */
  restartPace(): void
}

/** Two of what a socket gives at once. */
const AHEAD_BYTES = 128 * 1024

/**
 * A body that can be failed without breaking its connection, so that its request can still be answered. What is not
 * read any more arrives and is dropped, since it would block its connection.
 */
export function createArrivingBody(
  payload: Readable,
  hooks: {
    onStart: () => void
    /** Waits until more bytes may be held; undefined where they may be at once. */
    admit: (bytes: number) => Promise<void> | undefined
    /** What holds now, where anything does. It does not count while the client is kept waiting. */
    pace: () => Pace | null
    onTooSlow: (pace: Pace) => void
  },
): ArrivingBody {
  let started = false
  let ended = false
  let admitting = false
  let timer: NodeJS.Timeout | undefined
  let bytesInTime = 0

  const body = new Readable({
    highWaterMark: AHEAD_BYTES,
    read() {
      if (!started) start()
      if (!timer) watchPace()
      payload.resume()
    },
    destroy(error, callback) {
      stopWatching()
      payload.off('data', take)
      payload.resume()
      callback(error)
    },
  })
  body.on('error', () => {}) // whoever reads it learns of it; after a refusal nobody does

  function start(): void {
    started = true
    hooks.onStart()
    payload.on('data', take)
    payload.once('end', () => {
      ended = true
      stopWatching()
      if (!admitting) body.push(null)
    })
    finished(payload, { writable: false }, (error) => void (error && body.destroy(error)))
  }

  function take(data: Buffer): void {
    payload.pause() // until there is room for more
    const admitted = hooks.admit(data.length)
    if (admitted === undefined) {
      pass(data)
      return
    }
    stopWatching()
    admitting = true
    admitted.then(
      () => {
        admitting = false
        pass(data)
        if (ended) body.push(null)
      },
      (error: Error) => body.destroy(error),
    )
  }

  function pass(data: Buffer): void {
    bytesInTime += data.length
    if (timer && bytesInTime >= (hooks.pace()?.bytes ?? 0)) watchPace()
    if (!body.push(data)) stopWatching()
  }

  function watchPace(): void {
    stopWatching()
    bytesInTime = 0
    const pace = hooks.pace()
    if (pace && !ended) timer = setTimeout(() => hooks.onTooSlow(pace), pace.ms)
  }

  function stopWatching(): void {
    clearTimeout(timer)
    timer = undefined
  }

  return {
    stream: body,
    restartPace() {
      if (timer) watchPace()
    },
  }
}
