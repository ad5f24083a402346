import {
  readRecipientsPolicy,
  replaceRecipientsPolicy,
  type RecipientsPolicy,
} from '@inforiver-mail/contract/recipients-policy'
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import type { Timers } from '../runtime/clock.ts'
import { route } from '../http/route.ts'
import type { SignedIn } from '../http/session.ts'
import { afterCommit } from '../domain/outcome-unknown.ts'
import type { SettingsStore } from './settings-store.ts'
import { waitForRequests } from './wait-for-requests.ts'

interface Options {
  readonly requireAdmin: (request: FastifyRequest) => Promise<SignedIn>
  readonly readPolicy: (tenantId: string) => Promise<RecipientsPolicy>
  readonly settingsStore: Pick<SettingsStore, 'replaceRecipientsPolicy' | 'isOnTheWire'>
  readonly clock: () => Date
  readonly timers: Timers
}

export const recipientsPolicyRoutes: FastifyPluginAsync<Options> = async (
  app,
  { requireAdmin, readPolicy, settingsStore, clock, timers },
) => {
  route(app, readRecipientsPolicy, requireAdmin, async ({ caller }) => readPolicy(caller.tenantId))

  route(app, replaceRecipientsPolicy, requireAdmin, async ({ request, caller: { tenantId, userId }, body }) => {
    const { policy, onTheWire } = await settingsStore.replaceRecipientsPolicy(tenantId, body, userId, clock())
    const { allowedDomains, redirectAllTo } = policy
    request.log.info(
      { allowedDomains: allowedDomains.length, redirected: redirectAllTo !== null },
      'recipients policy replaced',
    )
    // Once this is answered, nothing goes to those that it was to be kept from.
    return afterCommit(async () => {
      if (onTheWire) await waitForRequests(settingsStore, onTheWire, timers)
      return policy
    })
  })
}
