import { isIP } from 'node:net'
import { AlertType, dismissNotice, listNotices, type Notice } from '@inforiver-mail/contract/notice'
import {
  ADDRESS_FAULT,
  createWebhook,
  listWebhooks,
  MAX_WEBHOOKS,
  MAX_REPLAYS,
  removeWebhook,
  replayWebhook,
  testWebhook,
} from '@inforiver-mail/contract/webhook'
import type { AdminCenters } from '@inforiver-mail/m365/admin-centers'
import type { RandomBytes } from '@inforiver-mail/m365/random'
import type { TokenVault } from '@inforiver-mail/m365/token-vault'
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { say } from '../http/problem-sentences.ts'
import { ProblemError } from '../http/problem.ts'
import { route } from '../http/route.ts'
import type { SignedIn } from '../http/session.ts'
import type { NewId } from '../runtime/ids.ts'
import type { Events } from '../queue/records/events.ts'
import type { AlertStore } from './alert-store.ts'
import { alertValues, newerAlertText, noticeText } from './alert-text.ts'
import type { OutboxStore, RaisedAlert } from './outbox-store.ts'
import type { AddressRule } from './webhook-address.ts'
import { testBody } from './webhook-body.ts'
import { eventTypesOf, newWebhookSecret, webhookSecretOwner, type AttemptWebhook } from './webhook-attempt.ts'
import type { WebhookStore } from './webhook-store.ts'
import { fault } from '@inforiver-mail/contract/fault-text'

interface Options {
  readonly requireAdmin: (request: FastifyRequest) => Promise<SignedIn>
  readonly store: Pick<AlertStore, 'dismiss'>
  readonly webhooks: WebhookStore
  readonly outbox: Pick<OutboxStore, 'listNotices'>
  readonly events: Pick<Events, 'end'>
  readonly vault: TokenVault
  readonly attempt: AttemptWebhook
  readonly allowAddress: AddressRule
  readonly publicUrl: string
  readonly adminCenters: AdminCenters
  readonly clock: () => Date
  readonly random: RandomBytes
  readonly newId: NewId
}

export const alertRoutes: FastifyPluginAsync<Options> = async (app, options) => {
  const {
    requireAdmin,
    store,
    webhooks,
    outbox,
    events,
    vault,
    attempt,
    allowAddress,
    publicUrl,
    adminCenters,
    clock,
    random,
    newId,
  } = options

  route(app, listWebhooks, requireAdmin, async ({ caller: { tenantId } }) => ({
    items: await webhooks.list(tenantId),
  }))

  route(app, createWebhook, requireAdmin, async ({ request, caller: { tenantId, userId: actor }, body }) => {
    const { url, types = null, services = null } = body
    const literal = new URL(url).hostname.replace(/^\[|\]$/g, '')
    if (isIP(literal) !== 0 && !allowAddress(literal)) throw refusedUrl(ADDRESS_FAULT)
    const id = newId('webhook')
    const secret = newWebhookSecret(random)
    const secretSealed = await vault.seal(secret, webhookSecretOwner(tenantId, id))
    const startsAt = eventTypesOf(types ?? []).length > 0 ? (await events.end(tenantId)).position : null
    const contents = { types, services, startsAt }
    const createdAt = await webhooks.create({ id, tenantId, url, secretSealed }, contents, actor, clock())
    if (createdAt === null) throw refusedUrl(FULL_FAULT)
    request.log.info({ webhook: id }, 'webhook created')
    return {
      id,
      url,
      types: types ?? [...AlertType.options],
      services,
      createdAt: createdAt.toISOString(),
      waiting: 0,
      lastAttempt: null,
      secret,
    }
  })

  route(app, removeWebhook, requireAdmin, async ({ request, caller: { tenantId, userId }, params: { id } }) => {
    if (!(await webhooks.remove(tenantId, id, userId, clock()))) throw noSuchWebhook()
    request.log.info({ webhook: id }, 'webhook removed')
  })

  route(app, testWebhook, requireAdmin, async ({ caller: { tenantId, userId }, params: { id } }) => {
    const webhook = await webhooks.find(tenantId, id)
    if (!webhook) throw noSuchWebhook()
    const test = { id: newId('alert'), type: 'webhook.test', body: testBody(clock(), publicUrl) } as const
    const attempted = await attempt(webhook, test)
    await webhooks.recordTest(webhook, userId, attempted)
    return attempted
  })

  route(app, replayWebhook, requireAdmin, async ({ request, caller: { tenantId, userId }, params: { id }, body }) => {
    const replayed = await webhooks.replay(tenantId, id, new Date(body.since), userId, clock())
    if (replayed === 'not-found') throw noSuchWebhook()
    if (replayed === 'too-many') throw new ProblemError('rate-limited', say('replays-running', { max: MAX_REPLAYS }))
    request.log.info({ webhook: id, events: replayed.count }, 'webhook replayed')
    return replayed
  })

  route(app, listNotices, requireAdmin, async ({ caller }) => {
    const raised = await outbox.listNotices(caller.tenantId)
    const newestFirst = raised.toSorted((one, other) => other.at.getTime() - one.at.getTime())
    return { items: newestFirst.map((raised) => toNotice(raised, adminCenters)) }
  })

  route(app, dismissNotice, requireAdmin, async ({ caller: { tenantId, userId }, params: { id } }) => {
    if (!(await store.dismiss(tenantId, id, userId, clock())))
      throw new ProblemError('not-found', 'There is no such notice.')
  })
}

const FULL_FAULT = fault('too-many-webhooks', { max: MAX_WEBHOOKS })

function toNotice({ id, at, alert, newer, count }: RaisedAlert, adminCenters: AdminCenters): Notice {
  const text = newer ? newerAlertText(newer) : noticeText(alert, count, adminCenters)
  const values = newer ? { newer } : alertValues(alert, count, adminCenters)
  return { id, type: alert.type, at: at.toISOString(), values, ...text }
}

function refusedUrl(message: string): ProblemError {
  return new ProblemError('invalid-input', message, { errors: [{ path: 'url', message }] })
}

function noSuchWebhook(): ProblemError {
  return new ProblemError('not-found', 'There is no such webhook.')
}
