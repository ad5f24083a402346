import { constants, openSync, writeSync } from 'node:fs'
import pino, { type DestinationStream, type LoggerOptions } from 'pino'

/** Lines of one turn of the event loop are written together, up to this many characters. */
const TOGETHER_CHARACTERS = 64 * 1024
/** While the reader takes nothing, so many characters wait for it. */
const WAITING_CHARACTERS = 1024 * 1024
const TRY_AGAIN_MS = 10
/** At the exit there is no later turn: so often the reader is waited for. */
const TRIES_AT_EXIT = 10

/** Logs JSON lines to standard output. Errors are reduced to type, code, message and stack, without secrets. */
export function createLogger(level: string, destination: DestinationStream = createOutput(standardOutput())) {
  const options = {
    level,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: describeError },
    formatters: { level: (label: string) => ({ level: label }) },
  } satisfies LoggerOptions
  return pino(options, destination)
}

/** Returns a descriptor of standard output that is never waited for, where the system allows that. */
function standardOutput(): number {
  const { fd, isTTY } = process.stdout // opening the stream makes a pipe or a socket non-blocking, but no terminal
  if (!isTTY) return fd
  try {
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK)
  } catch {
    return fd
  }
}

/**
 * Writes lines to a file descriptor, those of one turn of the event loop at once. It never waits for a reader, since every
 * request would wait with it: lines that a reader does not take wait for it, those that are too many are dropped, and the
 * log says how many. What cannot be written is dropped too: a full disk or a closed terminal must not stop the product. A
 * process that exits writes what is left; one that is killed loses the lines of that turn. Pino's own destination retries
 * for ever during exit, so that the process would never end.
 */
export function createOutput(
  descriptor: number,
  write: (descriptor: number, bytes: Buffer, from: number) => number = writeSync,
): DestinationStream {
  let lines = ''
  let begun = Buffer.alloc(0)
  let from = 0
  let isInLine = false
  let dropped = 0
  let next: NodeJS.Immediate | NodeJS.Timeout | null = null

  /** Returns false where the reader takes no more for now. */
  function writeWhatWaits(): boolean {
    while (from < begun.length || lines !== '') {
      if (from === begun.length) {
        begun = Buffer.from(isInLine ? `\n${lines}` : lines) // the newline separates them from one that was cut off
        from = 0
        lines = ''
      }
      try {
        from += write(descriptor, begun, from)
        isInLine = from < begun.length
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return false
        from = begun.length // there is nowhere to report this
      }
    }
    return true
  }

  function flush(): void {
    next = writeWhatWaits() ? null : setTimeout(flush, TRY_AGAIN_MS).unref()
  }

  process.on('exit', () => {
    for (let tries = 0; !writeWhatWaits() && tries < TRIES_AT_EXIT; tries++)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, TRY_AGAIN_MS)
  })
  return {
    write(line) {
      if (lines.length + line.length > WAITING_CHARACTERS) {
        dropped += 1
        return
      }
      if (dropped > 0) lines += droppedLine(dropped)
      dropped = 0
      lines += line
      next ??= setImmediate(flush)
      if (lines.length >= TOGETHER_CHARACTERS && from === begun.length) writeWhatWaits()
    },
  }
}

function droppedLine(count: number): string {
  return `{"level":"warn"${pino.stdTimeFunctions.isoTime()},"msg":"${count} lines of the log were dropped here: nobody took them"}\n`
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
