import { unwatchFile, watchFile } from 'node:fs'
import type { FastifyBaseLogger } from 'fastify'
import type { Registry } from 'prom-client'
import { readTlsCertificateFiles } from '../configuration/environment-files.ts'
import { ConfigurationError, type Config } from '../configuration/config.ts'
import type { TlsCertificate } from '../runtime/tls-certificate.ts'
import { createLogins, type Authenticate } from './login.ts'
import { createSizeLimit, type SizeLimitDeps } from './size-limit.ts'
import { createSmtpMetrics } from './smtp-metrics.ts'
import { createPlainPeers } from './smtp-listener.ts'
import { createSmtpDoor, type SmtpDoor, type SmtpDoorDeps } from './smtp-door.ts'

const LOOK_AT_FILES_EVERY_MS = 500

export interface SmtpFeature extends Pick<SmtpDoor, 'listen' | 'whatIsWrong' | 'close'> {
  /** Reads the certificate again. What cannot be read leaves the old one, with a warning. */
  reload(): void
}

/** Wires the SMTP door, and follows its certificate; null where no port is set. */
export function composeSmtp(
  config: Pick<Config, 'smtpDoor'>,
  {
    readSender,
    readSizeLimits,
    authenticate,
    isKey,
    elapsedMs,
    registry,
    logger,
    ...deps
  }: Pick<
    SmtpDoorDeps,
    'tenantId' | 'requireRecipient' | 'findKey' | 'accept' | 'tracing' | 'budget' | 'outageOf' | 'timers'
  > &
    SizeLimitDeps & {
      authenticate: Authenticate
      /** Whether this text is or was a service key. */
      isKey: (text: string) => Promise<boolean>
      elapsedMs: () => number
      registry: Registry
      logger: FastifyBaseLogger
    },
): SmtpFeature | null {
  const metrics = createSmtpMetrics(registry)
  if (config.smtpDoor === null) return null
  const { host, port, tlsPort, certificate: paths, plainFrom, minTls, beforeLoginPerAddress, from } = config.smtpDoor
  const certificate = paths && readCertificate(paths)
  const door = createSmtpDoor({
    ...deps,
    metrics,
    ports: { host, port, tlsPort },
    minTls,
    certificate: certificate && { cert: certificate.cert, key: certificate.key },
    mayBePlain: createPlainPeers(plainFrom),
    beforeLoginPerAddress,
    from,
    logIn: createLogins({ authenticate, isKey, outageOf: deps.outageOf, elapsedMs, logger }),
    readSettings: async (presented) => (await authenticate(presented)).settings,
    sizeLimit: createSizeLimit({ readSender, readSizeLimits }),
    logger,
  })
  let shown = certificate

  function reload(): void {
    if (paths === null) return
    const reading = readTlsCertificateFiles(paths)
    if (reading.outcome === 'unusable') {
      logger.warn(`${reading.fault} The SMTP door goes on showing the certificate that it had.`)
      return
    }
    const { cert, key, validTo } = reading.certificate
    if (shown?.cert === cert && shown.key === key) return
    shown = reading.certificate
    door.useCertificate({ cert, key })
    logger.info({ expiresAt: validTo }, 'the certificate of the SMTP door is read again')
  }

  const files = paths ? [paths.certificatePath, paths.keyPath] : []
  return {
    async listen() {
      await door.listen()
      for (const file of files) watchFile(file, { interval: LOOK_AT_FILES_EVERY_MS, persistent: false }, reload)
    },
    whatIsWrong: () => door.whatIsWrong(),
    reload,
    async close() {
      for (const file of files) unwatchFile(file, reload)
      await door.close()
    },
  }
}

function readCertificate(paths: Parameters<typeof readTlsCertificateFiles>[0]): TlsCertificate {
  const reading = readTlsCertificateFiles(paths)
  if (reading.outcome === 'read') return reading.certificate
  throw new ConfigurationError(`SMTP_LISTEN_CERTIFICATE_PATH and SMTP_LISTEN_KEY_PATH cannot be used. ${reading.fault}`)
}
