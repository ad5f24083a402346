import { fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { clientCertificate } from '../../packages/m365/src/test-support/self-signed-certificate.ts'

const SIMULATOR = fileURLToPath(new URL('../../apps/m365-simulator/src/serve.ts', import.meta.url))

/** Simulates a Microsoft 365 in which an operator has registered the product with a certificate. */
export interface RegisteredMicrosoft {
  readonly url: string
  /** The product's variables for this registration. */
  readonly environment: Readonly<Record<string, string>>
  close(): Promise<void>
}

/** @param options.validTo when the certificate expires */
export async function startRegisteredMicrosoft({ validTo }: { validTo: Date }): Promise<RegisteredMicrosoft> {
  const folder = await mkdtemp(join(tmpdir(), 'inforiver-mail-e2e-certificate-'))
  const path = join(folder, 'client.pem')
  const { certificate, privateKey } = clientCertificate(validTo)
  await writeFile(path, certificate + privateKey, { mode: 0o600 })
  const [tenantId, clientId] = [randomUUID(), randomUUID()]
  const child = fork(SIMULATOR, {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    env: { PATH: process.env['PATH'] ?? '', NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? '' },
  })
  child.send({
    port: 0,
    registration: {
      tenantId,
      clientId,
      clientSecret: randomUUID(),
      certificates: [certificate],
      redirectUris: ['http://localhost/auth/microsoft/callback'], // the port does not count on localhost
      displayName: 'Inforiver Mail',
    },
  })
  const [answer] = (await once(child, 'message')) as [{ readonly url?: string; readonly failed?: string }]
  if (answer.url === undefined) throw new Error(answer.failed)
  const { url } = answer
  return {
    url,
    environment: {
      SMTP: 'Office365',
      AZURE_TENANT_ID: tenantId,
      AZURE_CLIENT_ID: clientId,
      AZURE_CLIENT_CERTIFICATE_PATH: path,
      AZURE_AUTHORITY_HOST: url,
      GRAPH_BASE_URL: url,
    },
    async close() {
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      await exited
      await rm(folder, { recursive: true, force: true })
    },
  }
}
