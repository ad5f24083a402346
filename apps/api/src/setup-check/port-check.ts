import { createServer } from 'node:net'
import { found, type Outcome } from './outcome.ts'

const ASK_WITHIN_MS = 3_000

export interface PortQuestion {
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
export async function tryToListen(host: string, port: number): Promise<string | null> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'))
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)))
  })
}

/** Returns the checks that `/readyz` of this product names, whether or not they succeed; null where none answers. */
export async function askReadiness(
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
