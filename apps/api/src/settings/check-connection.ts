import { applicationPermissionsFor, permissionsFor } from '@inforiver-mail/contract/permission'
import { applicationRoles } from '@inforiver-mail/m365/permissions'
import type { CheckedAccess, CheckedConnection, ConnectionProblem, RefusedToken } from '../domain/checked-connection.ts'
import { createAccessSource, type AccessDeps } from './access.ts'
import type { SettingsStore } from './settings-store.ts'
import { worded } from '@inforiver-mail/m365/explanation'

/**
 * Refreshed tokens are stored, since an older refresh token may not work again. What Microsoft's answer says about the
 * connection is only reported: the worker that meets it changes the settings, pauses and raises the alert.
 */
export function createConnectionCheck({
  tenantId,
  settingsStore,
  grantStore,
  ...deps
}: Omit<AccessDeps, 'settingsStore'> & {
  tenantId: string
  settingsStore: Pick<SettingsStore, 'read' | 'readMail'>
}) {
  return {
    async readConnection(): Promise<CheckedConnection | null> {
      const { state, reports } = await settingsStore.read(tenantId)
      if (state.status === 'not-configured') return null
      const { connection, problem } = state
      const bounces = reports.bounces.enabled
      const { fromEmail, mailbox, permissions, largeAttachments } = connection
      return {
        fromEmail,
        mailbox,
        granted: permissions,
        needed:
          mailbox === 'application'
            ? applicationPermissionsFor({ largeAttachments, bounces })
            : permissionsFor({ ownAddress: mailbox === 'own', largeAttachments, bounces }),
        problem,
        mailProblem: (await settingsStore.readMail(tenantId)).mailboxProblem,
      }
    },

    /** The same with a token that is fetched now, in place of one that still works. */
    async requestFreshAccess(signal: AbortSignal): Promise<CheckedAccess> {
      const { grant } = await grantStore.read(tenantId)
      return request(signal, grant ? { grantVersion: grant.grantVersion, claims: null } : undefined)
    },

    requestAccess: request,
  }

  async function request(signal: AbortSignal, refused?: RefusedToken): Promise<CheckedAccess> {
    let problem: ConnectionProblem | null = null
    const source = createAccessSource({
      ...deps,
      settingsStore: {
        async applyHealth(_tenantId, _subject, event) {
          if (event.type !== 'access-worked') problem = event.problem
        },
      },
      grantStore: { ...grantStore, async postponeRefresh() {} },
    })
    const access = await source.access(tenantId, {
      signal,
      recheck: refused !== undefined, // an admin asks: it neither waits for what workers asked lately, nor makes them wait
      ...(refused && { refused: refused.grantVersion, ...(refused.claims !== null && { claims: refused.claims }) }),
    })
    if (access.outcome === 'unavailable') return access
    if (access.outcome !== 'granted') return { outcome: 'lost', problem: problem ?? (await readProblem()) }
    const { accessToken, connection } = access
    const isApplication = connection.mailbox === 'application'
    return { ...access, permissions: isApplication ? applicationRoles(accessToken) : connection.permissions }
  }

  /** The settings may have changed since they were read. */
  async function readProblem(): Promise<ConnectionProblem> {
    const { state } = await settingsStore.read(tenantId)
    return (state.status === 'not-configured' ? null : state.problem) ?? CHANGED
  }
}

const CHANGED: ConnectionProblem = worded({
  title: 'connection-changed.title',
  detail: ['connection-changed'],
  action: ['check-again'],
})
