import type { FastifyRequest } from 'fastify'
import type { Simulation } from '../simulation/simulation.ts'
import { GraphError } from './graph-error.ts'

/** The application of Microsoft that serves message traces. */
const TRACE_APP_ID = '8bd644d1-64a1-4d4b-ae52-2e0cbf64e373'
const PERMISSION = 'ExchangeMessageTrace.Read.All'

/**
 * Checks what a request for message traces needs: the service principal of Microsoft's application in the tenant, the
 * permission, and for a person a role that reads traces.
 *
 * @throws GraphError
 */
export function requireTraceAccess({ caller }: FastifyRequest, { settings }: Simulation): void {
  if (settings.current.traceServicePrincipal === 'missing') {
    const message = `Service principal-less Authentication failed: the service principal for App ID ${TRACE_APP_ID} was not found. Create it in your tenant.`
    throw new GraphError(401, 'Unauthorized', message)
  }
  const mayRead = caller.scopes.has(PERMISSION) && (caller.kind === 'application' || caller.person.readsTraces)
  if (!mayRead) throw new GraphError(403, 'Forbidden', 'The caller does not have permission to read message traces.')
}
