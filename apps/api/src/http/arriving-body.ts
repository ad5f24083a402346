import { Readable } from 'node:stream'

/** Sets the slowest pace at which a client may send: at least this many bytes in this many ms. */
export interface Pace {
  readonly bytes: number
  readonly ms: number
}

export type ArrivingBody = ReturnType<typeof createArrivingBody>

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
    /** Throws where there is no memory for these bytes. */
    admit: (bytes: number) => void
    /** The current pace, if any. Time in which we keep the client waiting does not count. */
    pace: () => Pace | null
    onTooSlow: (pace: Pace) => void
  },
) {
  let started = false
  let ended = false
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
      body.push(null)
    })
    payload.on('error', (error) => body.destroy(error))
    payload.on('close', breakOff)
    if (payload.destroyed) breakOff()
  }

  function breakOff(): void {
    if (!ended) body.destroy(new Error('The body broke off.'))
  }

  function take(data: Buffer): void {
    payload.pause() // until somebody reads on
    try {
      hooks.admit(data.length)
    } catch (error) {
      body.destroy(error as Error)
      return
    }
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
    /** Measures from now on against the current pace. */
    restartPace(): void {
      if (timer) watchPace()
    },
  }
}
