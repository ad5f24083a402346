import pino, { type DestinationStream, type LoggerOptions } from 'pino'

/** JSON lines on standard output. Errors are cut to what cannot hold a secret: type, code, message of known kinds, stack. */
export function createLogger(level: string, destination: DestinationStream = pino.destination(1)) {
  const options = {
    level,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: describeError },
    formatters: { level: (label: string) => ({ level: label }) },
  } satisfies LoggerOptions
  return pino(options, destination)
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
