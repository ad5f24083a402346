import { writeSync } from 'node:fs'
import pino, { type DestinationStream, type LoggerOptions } from 'pino'

const BUSY_WAIT_MS = 10
/** A reader that stands still for longer keeps the product waiting no more. */
const MAX_BUSY_WAITS = 10

/** JSON lines on standard output. Errors are cut to what cannot hold a secret: type, code, message of known kinds, stack. */
export function createLogger(level: string, destination: DestinationStream = createOutput(1)) {
  const options = {
    level,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: describeError },
    formatters: { level: (label: string) => ({ level: label }) },
  } satisfies LoggerOptions
  return pino(options, destination)
}

/**
 * Writes lines to a file descriptor. A line that cannot be written is dropped: a full disk or a closed terminal costs
 * the log and nothing else. Pino's own destination tries for ever while the process exits, so that it never does.
 */
export function createOutput(descriptor: number): DestinationStream {
  let isInLine = false

  function writeWhole(bytes: Buffer): void {
    let waits = 0
    for (let from = 0; from < bytes.length;) {
      try {
        from += writeSync(descriptor, bytes, from)
        isInLine = from < bytes.length
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || waits === MAX_BUSY_WAITS) throw error
        waits += 1
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BUSY_WAIT_MS)
      }
    }
  }

  return {
    write(line) {
      try {
        // What is left of a line that was cut does not spoil the next one.
        writeWhole(Buffer.from(isInLine ? `\n${line}` : line))
      } catch {
        // There is nowhere to say so.
      }
    },
  }
}

/** Causes and extra properties (requests, configurations, parameters of a query) stay out: they may carry secrets. */
function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error }
  const { code } = error as { code?: unknown }
  const message = error.name.startsWith('PrismaClient') ? lastParagraph(error.message) : error.message
  return {
    type: error.name,
    ...(typeof code === 'string' && { code }),
    message: withoutQueries(message),
    stack: framesOf(error),
  }
}

/** What was wrong with a call of Prisma's. Before it, the message repeats the call with all its values. */
function lastParagraph(message: string): string {
  return (
    message
      .trim()
      .split(/\n\s*\n/)
      .at(-1) ?? ''
  )
}

/** Without the message, which a stack begins with. */
function framesOf({ stack = '' }: Error): string {
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .join('\n')
}

/** Fastify quotes the URL of a request in some of its messages, and the query of the callback holds a code. */
function withoutQueries(text: string): string {
  return text.replace(/\?[^\s"'()]*/g, '?')
}
