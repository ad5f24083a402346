import { buildApp } from './app.ts'
import { demoDirectory } from './directory/demo-directory.ts'
import { type Directory, indexDirectory } from './directory/directory.ts'
import { withGeneratedPeople } from './directory/generated-people.ts'
import { findRedirectUriFault } from './entra/redirect-uri.ts'
import { createTokenService } from './entra/token-service.ts'
import { createScenarios } from './faults/scenario.ts'
import { createSettings } from './faults/settings.ts'
import { createTraffic } from './http/traffic.ts'
import { createArrivals } from './mail/arrivals.ts'
import type { Registration, Simulation } from './simulation.ts'
import { openStore } from './state/store.ts'
import { createUploadSessions } from './uploads/upload-sessions.ts'

export interface SimulatorOptions {
  readonly host?: '127.0.0.1'
  /** 0: any free one. */
  readonly port: number
  readonly registration: Registration
  /** Without it, the demo tenant "Contoso". */
  readonly directory?: Directory
  /** So many more people with a mailbox: person-1, person-2 … below the directory's first domain. */
  readonly generatedPeople?: number
  /** Mail, grants and keys outlive the process here. Without it, memory only. */
  readonly dataDirectory?: string
  readonly clock?: () => Date
}

export interface Simulator {
  readonly url: string
  /** The product appends `/{tenant}/oauth2/v2.0/…`. */
  readonly authorityHost: string
  /** The product appends `/v1.0/…`. */
  readonly graphBaseUrl: string
  /** Requests in flight have a moment to end. May be called again. */
  close(): Promise<void>
}

const CLOSE_GRACE_MS = 1000

/**
 * Starts a stand-in for Entra ID and Microsoft Graph on loopback.
 *
 * @throws Error with a sentence for a person: port taken, folder not writable or damaged, unusable redirect URI
 */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const {
    host = '127.0.0.1',
    port,
    registration,
    directory = demoDirectory,
    generatedPeople = 0,
    dataDirectory,
    clock = systemClock,
  } = options
  const fault = registration.redirectUris.map((uri) => findRedirectUriFault(uri)).find((found) => found !== null)
  if (fault !== undefined) throw new Error(fault)

  const store = await openStore(dataDirectory ?? null, clock)
  let url = ''
  const simulation: Simulation = {
    registration,
    index: indexDirectory(withGeneratedPeople(directory, generatedPeople)),
    store,
    tokens: await createTokenService(store, registration, clock),
    scenarios: createScenarios(),
    settings: createSettings(),
    arrivals: createArrivals(),
    uploads: createUploadSessions(),
    traffic: createTraffic(clock),
    clock,
    url: () => url,
  }
  const app = await buildApp(simulation)
  try {
    url = await app.listen({ host, port })
  } catch (error) {
    await app.close()
    store.close()
    throw readableListenError(error, host, port)
  }
  const close = async (): Promise<void> => {
    const cut = setTimeout(() => app.server.closeAllConnections(), CLOSE_GRACE_MS)
    await app.close()
    clearTimeout(cut)
    store.close()
  }
  let closed: Promise<void> | null = null
  return { url, authorityHost: url, graphBaseUrl: url, close: () => (closed ??= close()) }
}

function systemClock(): Date {
  return new Date()
}

function readableListenError(error: unknown, host: string, port: number): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : null
  if (code === 'EADDRINUSE') return new Error(`Port ${port} on ${host} is already in use.`, { cause: error })
  if (code === 'EACCES') return new Error(`This user may not listen on port ${port}.`, { cause: error })
  return error
}
