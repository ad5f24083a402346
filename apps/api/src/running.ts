import type { FastifyBaseLogger } from 'fastify'
import type { RereadSecrets } from './configuration/config.ts'

/** A part of the product that was started. */
export interface Running {
  /** Lets work in progress finish within its time, then stops. */
  close(): Promise<void>
}

/** The whole product, started. */
export interface RunningProduct extends Running {
  /** Switches to the values that were read again. */
  reload(reread: RereadSecrets): Promise<void>
}

export interface StartOptions {
  /** Cancels the start. */
  readonly stopping?: AbortSignal | undefined
  /** Called when `/readyz` may answer 200 from then on, which is before the start is complete. */
  readonly onReady?: (() => void) | undefined
}

/** Closes all parts concurrently, and logs those that fail. */
export async function closeTogether(started: readonly Running[], logger: FastifyBaseLogger): Promise<void> {
  const ended = await Promise.allSettled(started.map((part) => part.close()))
  for (const each of ended)
    if (each.status === 'rejected')
      logger.warn({ err: each.reason as unknown }, 'something could not be stopped cleanly')
}
