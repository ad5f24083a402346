import { found, type Outcome } from './outcome.ts'
import { askReadiness, tryToListen } from './port-check.ts'

const DAY_MS = 24 * 60 * 60_000
/** Automatic renewal usually happens a month before the end: with this little left, it has probably failed. */
const WARN_DAYS = 21

export interface SmtpQuestion {
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
