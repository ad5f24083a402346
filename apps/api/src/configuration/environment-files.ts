import { X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseEnv } from 'node:util'
import {
  readClientCertificate,
  type ClientCertificate,
  parseFederatedToken,
} from '@inforiver-mail/m365/client-credentials'
import { isReadableByEveryone, isReadableByOthers } from '../runtime/file-mode.ts'
import { readTlsCertificate, type TlsCertificateReading } from '../runtime/tls-certificate.ts'
import { SECRETS } from './environment.ts'

// Reads the files that the configuration names. Each function appends what is wrong to `faults`, a sentence each.

const ENVIRONMENT_FILE = 'inforiver-mail.env'

export type Variables = Readonly<Record<string, string | undefined>>

/** @param named a file that was asked for by name, and so has to be there */
export function readEnvironmentFile(
  directory: string,
  named: string | undefined,
  faults: string[],
): Record<string, string | undefined> {
  const path = resolve(directory, named ?? ENVIRONMENT_FILE)
  try {
    return parseEnv(readFileSync(path, 'utf8'))
  } catch (error) {
    if (named !== undefined || (error as NodeJS.ErrnoException).code !== 'ENOENT')
      faults.push(`${named ?? ENVIRONMENT_FILE} cannot be read (${errorCode(error)}).`)
    return {}
  }
}

/** Reads the file that a variable names. Returns null, with a fault, where it cannot be read. */
function readNamedFile(variable: string, path: string, directory: string, faults: string[]): string | null {
  try {
    return readFileSync(resolve(directory, path), 'utf8')
  } catch (error) {
    faults.push(`${variable} names a file that cannot be read (${errorCode(error)}).`)
    return null
  }
}

/** @param names the secrets that are needed; faults of others do not count */
export function withSecretFiles(
  variables: Record<string, string | undefined>,
  directory: string,
  faults: string[],
  names: readonly (typeof SECRETS)[number][] = SECRETS,
) {
  const result = { ...variables }
  for (const name of names) {
    const file = variables[`${name}_FILE`]
    if (file === undefined) continue
    if (variables[name] !== undefined) {
      faults.push(`${name} and ${name}_FILE are both set: keep one.`)
      continue
    }
    const secret = readNamedFile(`${name}_FILE`, file, directory, faults)?.trim()
    if (secret === '') faults.push(`${name}_FILE names an empty file.`)
    if (secret !== undefined) result[name] = secret
  }
  return result
}

export function findExposedFiles(variables: Variables, directory: string): string[] {
  const names = [...SECRETS.map((name) => `${name}_FILE`), 'AZURE_CLIENT_CERTIFICATE_PATH', 'SMTP_LISTEN_KEY_PATH']
  return names.filter((name) => {
    const path = variables[name]
    return path !== undefined && isReadableByOthers(statSync(resolve(directory, path)))
  })
}

export function findExposedEnvironmentFile(directory: string, named = ENVIRONMENT_FILE): string | null {
  const stats = statSync(resolve(directory, named), { throwIfNoEntry: false })
  return stats !== undefined && isReadableByEveryone(stats) ? named : null
}

export function readExtraCaCertificates(path: string | undefined, directory: string, faults: string[]): string | null {
  const pem = path === undefined ? null : readNamedFile('NODE_EXTRA_CA_CERTS', path, directory, faults)
  if (pem !== null && !holdsCertificates(pem)) faults.push('NODE_EXTRA_CA_CERTS must name a file of PEM certificates.')
  return pem
}

export function readCertificateFile(
  path: string | undefined,
  directory: string,
  faults: string[],
): ClientCertificate | null {
  const pem = path === undefined ? null : readNamedFile('AZURE_CLIENT_CERTIFICATE_PATH', path, directory, faults)
  if (pem === null) return null
  const reading = readClientCertificate(pem)
  if (reading.outcome === 'read') return reading.certificate
  faults.push(`AZURE_CLIENT_CERTIFICATE_PATH names a file that ${reading.fault}.`)
  return null
}

/** An expired token is no fault, since it may be renewed a little late. */
export function readFederatedTokenFile(
  path: string | undefined,
  directory: string,
  faults: string[],
): { readonly path: string; readonly expiresAt: Date | null } | null {
  if (path === undefined) return null
  const token = readNamedFile('AZURE_FEDERATED_TOKEN_FILE', path, directory, faults)
  if (token === null) return null
  const reading = parseFederatedToken(token)
  if (reading.outcome === 'read') return { path: resolve(directory, path), expiresAt: reading.expiresAt }
  faults.push(`AZURE_FEDERATED_TOKEN_FILE names a file that ${reading.fault}.`)
  return null
}

/** The certificate of the SMTP door and its key; they come together. */
export function readListenCertificate(
  variables: Variables,
  directory: string,
  faults: string[],
): { readonly certificatePath: string; readonly keyPath: string } | null {
  const { SMTP_LISTEN_CERTIFICATE_PATH: certificate, SMTP_LISTEN_KEY_PATH: key } = variables
  if (certificate === undefined && key === undefined) return null
  if (certificate === undefined || key === undefined) {
    const missing = certificate === undefined ? 'SMTP_LISTEN_CERTIFICATE_PATH' : 'SMTP_LISTEN_KEY_PATH'
    faults.push(`The certificate of the SMTP door is incomplete: set ${missing} as well.`)
    return null
  }
  const paths = { certificatePath: resolve(directory, certificate), keyPath: resolve(directory, key) }
  const reading = readTlsCertificateFiles(paths)
  if (reading.outcome === 'read') return paths
  faults.push(`SMTP_LISTEN_CERTIFICATE_PATH and SMTP_LISTEN_KEY_PATH cannot be used. ${reading.fault}`)
  return null
}

/** Reads a certificate and its key again from where they were found. */
export function readTlsCertificateFiles(paths: {
  readonly certificatePath: string
  readonly keyPath: string
}): TlsCertificateReading {
  const texts: string[] = []
  for (const [what, path] of Object.entries({ certificate: paths.certificatePath, 'private key': paths.keyPath }))
    try {
      texts.push(readFileSync(path, 'utf8'))
    } catch (error) {
      return { outcome: 'unusable', fault: `The file of the ${what} cannot be read (${errorCode(error)}).` }
    }
  const [cert = '', key = ''] = texts
  return readTlsCertificate(cert, key)
}

function holdsCertificates(pem: string): boolean {
  const certificates = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? []
  try {
    return certificates.map((certificate) => new X509Certificate(certificate)).length > 0
  } catch {
    return false
  }
}

function errorCode(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown error'
}
