import { createServer } from 'node:net'
import { found, type Outcome } from './run-checks.ts'

const ASK_WITHIN_MS = 3_000

interface PortQuestion {
  readonly host: string
  readonly port: number
  /** Whether the data folder is in use; null where that does not show whether our own product runs. */
  readonly isDataFolderTaken: boolean | null
  readonly signal: AbortSignal
}

/** Whether a start could listen. What listens there already may be our own running product. */
export async function checkPort({ host, port, isDataFolderTaken, signal }: PortQuestion): Promise<Outcome> {
  const values = { host, port }
  switch (await tryToListen(host, port)) {
    case null:
      return found('port-free', values)
    case 'EACCES':
      return found('port-not-allowed', values)
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return found('port-not-local', values)
    default:
      return typeof (await askReadiness(host, port, signal))?.vaultKeys === 'string' && isDataFolderTaken !== false
        ? found('port-own', values)
        : found('port-taken', values)
  }
}

/** Listens for a moment. Returns the code of what stands in the way, or null. */
async function tryToListen(host: string, port: number): Promise<string | null> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'))
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)))
  })
}

/** Returns the checks that `/readyz` of this product names, whether or not they succeed; null where none answers. */
async function askReadiness(
  host: string,
  port: number,
  signal: AbortSignal,
): Promise<{ readonly vaultKeys?: unknown; readonly smtp?: unknown } | null> {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host.includes(':') ? `[${host}]` : host
  try {
    const response = await fetch(`http://${reachable}:${port}/readyz`, {
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(ASK_WITHIN_MS)]),
    })
    return ((await response.json()) as { checks?: object } | null)?.checks ?? null
  } catch {
    return null
  }
}

const DAY_MS = 24 * 60 * 60_000
/** Automatic renewal usually happens a month before the end: with this little left, it has probably failed. */
const WARN_DAYS = 21

interface SmtpQuestion {
  readonly host: string
  /** The ports of the SMTP door that are configured. */
  readonly ports: readonly number[]
  /** The validity of its certificate; null where it has none. */
  readonly certificate: { readonly validFrom: Date; readonly validTo: Date } | null
  /** Where a running product would answer. */
  readonly product: { readonly host: string; readonly port: number }
  readonly isDataFolderTaken: boolean | null
  readonly now: Date
  readonly signal: AbortSignal
}

/** Whether the SMTP door could listen, and how long its certificate is valid. */
export async function checkSmtp(question: SmtpQuestion): Promise<Outcome> {
  const { host, ports, product, isDataFolderTaken, signal } = question
  let isOurs: boolean | null = null
  for (const port of ports) {
    const values = { host, port }
    const code = await tryToListen(host, port)
    if (code === 'EACCES') return found('smtp-port-not-allowed', values)
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN') return found('smtp-not-local', values)
    if (code === null) continue
    isOurs ??= isDataFolderTaken !== false && (await askReadiness(product.host, product.port, signal))?.smtp === 'ok'
    if (!isOurs) return found('smtp-port-taken', values)
  }
  return judgeCertificate(question, isOurs === true)
}

function judgeCertificate({ ports, certificate, now }: SmtpQuestion, isRunning: boolean): Outcome {
  const values = { ports: ports.map(String) }
  if (certificate === null) return found('smtp-without-tls', values)
  const { validFrom, validTo } = certificate
  const dated = { ...values, validFrom: validFrom.toISOString(), expiresAt: validTo.toISOString() }
  if (validTo <= now) return found('smtp-certificate-expired', dated)
  if (validFrom > now) return found('smtp-certificate-not-yet-valid', dated)
  if (validTo.getTime() - now.getTime() < WARN_DAYS * DAY_MS) return found('smtp-certificate-expires-soon', dated)
  return found(isRunning ? 'smtp-own' : 'smtp-ready', dated)
}
