import { Readable } from 'node:stream'

/** Sets the slowest pace at which a client may send: at least this many bytes in this many ms. */
export interface Pace {
  readonly bytes: number
  readonly ms: number
}

export interface ArrivingBody {
  readonly stream: Readable
  /** Measures from now on against the current pace. */
  restartPace(): void
}

/** Buffers up to twice what a socket delivers at once. */
const AHEAD_BYTES = 128 * 1024

/**
 * Wraps a request body so that it can fail without breaking its connection, and the request can still be answered. After
 * a failure the rest is read and dropped, because unread data would block the connection.
 */
export function createArrivingBody(
  payload: Readable,
  hooks: {
    onStart: () => void
    /** Waits until memory for these bytes is available; undefined when it is at once. */
    admit: (bytes: number) => Promise<void> | undefined
    /** The current pace, if any. Time in which we keep the client waiting does not count. */
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
  body.on('error', () => {}) // a reader sees the error; after a refusal there is none

  function start(): void {
    started = true
    hooks.onStart()
    payload.on('data', take)
    payload.once('end', () => {
      ended = true
      stopWatching()
      if (!admitting) body.push(null)
    })
    payload.on('error', (error) => body.destroy(error))
    payload.on('close', breakOff)
    if (payload.destroyed) breakOff()
  }

  function breakOff(): void {
    if (!ended) body.destroy(new Error('The body broke off.'))
  }

  function take(data: Buffer): void {
    payload.pause() // until there is room for this
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
