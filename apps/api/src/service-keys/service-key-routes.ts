import {
  createServiceKey,
  listServiceKeys,
  MAX_SERVICE_KEYS,
  revokeServiceKey,
} from '@inforiver-mail/contract/service-key'
import type { RandomBytes } from '@inforiver-mail/m365/random'
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { refuseInput } from '../http/input-faults.ts'
import { ProblemError } from '../http/problem.ts'
import { route } from '../http/route.ts'
import type { SignedIn } from '../http/session.ts'
import type { NewId } from '../runtime/ids.ts'
import { hashServiceKey } from './service-key-guard.ts'
import type { ServiceKeyStore } from './service-key-store.ts'
import { fault } from '@inforiver-mail/contract/fault-text'

const KEY_BYTES = 32

interface Options {
  readonly requireAdmin: (request: FastifyRequest) => Promise<SignedIn>
  readonly store: ServiceKeyStore
  readonly clock: () => Date
  readonly databaseNow: () => Promise<Date>
  readonly random: RandomBytes
  readonly newId: NewId
}

export const serviceKeyRoutes: FastifyPluginAsync<Options> = async (
  app,
  { requireAdmin, store, clock, databaseNow, random, newId },
) => {
  route(app, listServiceKeys, requireAdmin, async ({ caller }) => ({
    items: await store.list(caller.tenantId, await databaseNow()),
  }))

  route(app, createServiceKey, requireAdmin, async ({ request, caller: { tenantId, userId: actor }, body }) => {
    const { name, scopes, allowedDomains, allowedAddresses } = body
    const expiresAt = body.expiresAt === null ? null : new Date(body.expiresAt)
    const now = await databaseNow()
    if (expiresAt !== null && expiresAt <= now)
      throw refuseInput([{ path: 'expiresAt', message: fault('key-expired') }])
    const key = `imk_${random(KEY_BYTES).toString('base64url')}`
    const id = newId('serviceKey')
    const keyHash = hashServiceKey(key)
    const limits = { expiresAt, allowedDomains, allowedAddresses }
    const created = await store.create(
      { id, tenantId, name, scopes, keyHash, createdAt: clock(), ...limits },
      actor,
      now,
    )
    if (created === null)
      throw refuseInput([{ path: 'name', message: fault('too-many-keys', { max: MAX_SERVICE_KEYS }) }])
    request.log.info({ serviceKey: id, name }, 'service key created')
    return { ...created, key }
  })

  route(app, revokeServiceKey, requireAdmin, async ({ request, caller: { tenantId, userId }, params: { id } }) => {
    if (!(await store.revoke(tenantId, id, userId, clock())))
      throw new ProblemError('not-found', 'There is no such service key.')
    request.log.info({ serviceKey: id }, 'service key revoked')
  })
}
