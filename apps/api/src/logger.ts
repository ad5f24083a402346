import { writeSync } from 'node:fs'
import pino, { type DestinationStream, type LoggerOptions } from 'pino'

const BUSY_WAIT_MS = 10
/** A reader that takes nothing for longer loses the lines; one that is slow does not. */
const MAX_BUSY_WAITS = 10
/** Lines of one turn of the event loop are written together, up to this many characters. */
const TOGETHER_CHARACTERS = 64 * 1024

/** Logs JSON lines to standard output. Errors are reduced to type, code, message and stack, without secrets. */
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
 * Writes lines to a file descriptor, those of one turn of the event loop at once, and drops what cannot be written: a full
 * disk or a closed terminal must not stop the product. A process that exits writes what is left; one that is killed loses
 * the lines of that turn. Pino's own destination retries for ever during exit, so that the process would never end.
 */
export function createOutput(
  descriptor: number,
  write: (descriptor: number, bytes: Buffer, from: number) => number = writeSync,
): DestinationStream {
  let isInLine = false
  let lines = ''

  function writeWhole(bytes: Buffer): void {
    let waits = 0
    for (let from = 0; from < bytes.length;) {
      try {
        from += write(descriptor, bytes, from)
        isInLine = from < bytes.length
        waits = 0
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || waits === MAX_BUSY_WAITS) throw error
        waits += 1
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BUSY_WAIT_MS)
      }
    }
  }

  function flush(): void {
    if (lines === '') return
    try {
      // The newline separates these lines from one that was cut off.
      writeWhole(Buffer.from(isInLine ? `\n${lines}` : lines))
    } catch {
      // There is nowhere to report this.
    } finally {
      lines = ''
    }
  }

  process.on('exit', flush)
  return {
    write(line) {
      if (lines === '') setImmediate(flush)
      lines += line
      if (lines.length >= TOGETHER_CHARACTERS) flush()
    },
  }
}

/** Leaves out causes and extra properties (requests, configurations, query parameters), which may contain secrets. */
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

/** Returns the reason of a Prisma error. The paragraphs before it repeat the call with all its values. */
function lastParagraph(message: string): string {
  return (
    message
      .trim()
      .split(/\n\s*\n/)
      .at(-1) ?? ''
  )
}

/** Returns a stack without the message that it begins with. */
function framesOf({ stack = '' }: Error): string {
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .join('\n')
}

/** Some of Fastify's messages quote the URL, and the query of the callback contains an authorization code. */
function withoutQueries(text: string): string {
  return text.replace(/\?[^\s"'()]*/g, '?')
}
