import { z } from 'zod'
import { buildApp } from './app.ts'
import { findRedirectUriFault } from './entra/client.ts'
import { createSimulation, Registration } from './simulation/simulation.ts'
import { openStore } from './tenant/store.ts'
import { generateSigningKey } from './tenant/token-service.ts'

export const Options = z.strictObject({
  /** 0 takes any free port. */
  port: z.int().min(0).max(65_535),
  registration: Registration,
  /** How many members with a mailbox to add to the tenant: person-1@contoso.com, person-2@contoso.com … */
  generatedPeople: z.int().min(0).max(10_000).exactOptional(),
  /** Where mail, grants and keys are kept across restarts; without it, only in memory. */
  dataDirectory: z.string().min(1).exactOptional(),
})
export type SimulatorOptions = z.infer<typeof Options> & { readonly clock?: () => Date }

export interface Simulator {
  readonly url: string
  /** The product appends `/{tenant}/oauth2/v2.0/…`. */
  readonly authorityHost: string
  /** The product appends `/v1.0/…`. */
  readonly graphBaseUrl: string
  /** Gives requests in flight a second to end. May be called again. */
  close(): Promise<void>
}

const HOST = '127.0.0.1'
const CLOSE_GRACE_MS = 1000

/**
 * Starts a stand-in for Entra ID and Microsoft Graph on loopback.
 *
 * @throws Error with a sentence for a person: the port is taken, the folder is not writable or damaged, or a redirect
 *   URI cannot be registered
 */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const { port, registration, generatedPeople = 0, dataDirectory, clock = () => new Date() } = options
  const fault = registration.redirectUris.map((uri) => findRedirectUriFault(uri)).find((found) => found !== null)
  if (fault !== undefined) throw new Error(fault)

  const store = openStore(dataDirectory ?? null)
  const newKey = dataDirectory === undefined ? sharedKey : generateSigningKey
  let url = ''
  const simulation = await createSimulation(registration, generatedPeople, store, newKey, clock, () => url)
  const app = await buildApp(simulation)
  try {
    url = await app.listen({ host: HOST, port })
  } catch (error) {
    await app.close()
    throw readableListenError(error, port)
  }
  const close = async (): Promise<void> => {
    const cut = setTimeout(() => app.server.closeAllConnections(), CLOSE_GRACE_MS)
    await app.close()
    clearTimeout(cut)
  }
  let closed: Promise<void> | null = null
  return { url, authorityHost: url, graphBaseUrl: url, close: () => (closed ??= close()) }
}

/** Generating a key takes long, so simulators that keep nothing share one per process. */
let key: ReturnType<typeof generateSigningKey> | null = null

function sharedKey(): ReturnType<typeof generateSigningKey> {
  return (key ??= generateSigningKey())
}

function readableListenError(error: unknown, port: number): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : null
  return code === 'EADDRINUSE' ? new Error(`Port ${port} on ${HOST} is already in use.`, { cause: error }) : error
}
