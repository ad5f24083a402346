import { readCredential } from '@inforiver-mail/contract/credential'
import {
  cancelConsent,
  configure,
  enableLargeAttachments,
  readConsent,
  readSettings,
  reconnect,
  reset,
  switchDeliveryReports,
  updateSender,
  type Consent,
  type Office365SmtpSettings,
} from '@inforiver-mail/contract/office365-smtp'
import { APPROVAL_PATH } from '@inforiver-mail/contract/permission'
import {
  readRecipientsPolicy,
  replaceRecipientsPolicy,
  type RecipientsPolicy,
} from '@inforiver-mail/contract/recipients-policy'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import type { Timers } from '../runtime/clock.ts'
import { plainText, refusalPage, sendPage, type PlainPage } from '../http/html.ts'
import type { ReturnHandler } from '../http/microsoft-callback.ts'
import { ProblemError } from '../http/problem.ts'
import { instead, route } from '../http/route.ts'
import type { SignedIn } from '../http/session.ts'
import type { CredentialExpiry } from '../domain/credential-expiry.ts'
import { afterCommit } from '../domain/outage.ts'
import type { ConsentRecord, ConsentStore } from './consent-store.ts'
import type { ConsentReturn, Consents } from './consents.ts'
import { viewCredential } from './credential-watch.ts'
import type { DeliveryReportSwitches } from './report-switches.ts'
import type { ConsentRequest } from './settings-state.ts'
import { waitForRequests, type SettingsStore } from './settings-store.ts'
import { viewConsent, viewSettings } from './settings-view.ts'

export interface SettingsRoutesOptions {
  readonly requireAdmin: (request: FastifyRequest) => Promise<SignedIn>
  /** A service may read the settings as well. */
  readonly requireServiceOrAdmin: (request: FastifyRequest) => Promise<{ readonly tenantId: string }>
  readonly settingsStore: SettingsStore
  readonly consentStore: Pick<ConsentStore, 'find' | 'findPending' | 'cancel'>
  readonly consents: Consents
  readonly reportSwitches: DeliveryReportSwitches
  readonly showHandOff: (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>
  readonly readPolicy: (tenantId: string) => Promise<RecipientsPolicy>
  readonly credentialExpiry: () => CredentialExpiry
  readonly clock: () => Date
  readonly timers: Timers
}

export const settingsRoutes: FastifyPluginAsync<SettingsRoutesOptions> = async (app, options) => {
  const { requireAdmin, requireServiceOrAdmin, settingsStore, consentStore, consents, clock, timers } = options
  const { reportSwitches, showHandOff, readPolicy, credentialExpiry } = options

  async function view(tenantId: string): Promise<Office365SmtpSettings> {
    const [settings, mail, pending] = await Promise.all([
      settingsStore.read(tenantId),
      settingsStore.readMail(tenantId),
      consentStore.findPending(tenantId, clock()),
    ])
    return viewSettings(settings, { ...mail, pending })
  }

  async function start(request: FastifyRequest, admin: SignedIn, consentRequest: ConsentRequest): Promise<Consent> {
    return showStarted(request, admin, await consents.start(admin, consentRequest))
  }

  async function showStarted(request: FastifyRequest, admin: SignedIn, consent: ConsentRecord): Promise<Consent> {
    request.log.info({ consent: consent.id, purpose: consent.purpose }, 'consent started')
    return viewConsent(consent, await consents.consentUrl(consent, admin))
  }

  async function findConsent(admin: SignedIn, id: string): Promise<ConsentRecord> {
    const consent = await consentStore.find(admin.tenantId, id, clock())
    if (!consent) throw new ProblemError('not-found', 'There is no such consent.')
    return consent
  }

  route(app, readSettings, requireServiceOrAdmin, async ({ caller }) => view(caller.tenantId))

  route(app, configure, requireAdmin, async ({ request, caller, body: { fromEmail, largeAttachments } }) =>
    start(request, caller, { purpose: 'configure', fromEmail, largeAttachments }),
  )

  route(app, updateSender, requireAdmin, async ({ request, caller, body: { fromEmail, largeAttachments } }) =>
    start(request, caller, { purpose: 'update-sender', fromEmail, largeAttachments }),
  )

  route(app, enableLargeAttachments, requireAdmin, async ({ request, caller, body }) =>
    start(request, caller, { purpose: 'large-attachments', enabled: body.enabled }),
  )

  route(app, reconnect, requireAdmin, async ({ request, caller }) => start(request, caller, { purpose: 'reconnect' }))

  route(app, switchDeliveryReports, requireAdmin, async ({ request, caller, body }) => {
    const consent = await reportSwitches.change(caller, body)
    request.log.info({ ...body, consent: consent?.id ?? null }, 'delivery reports switched')
    return consent ? instead(await showStarted(request, caller, consent)) : view(caller.tenantId)
  })

  route(app, reset, requireAdmin, async ({ request, caller }) => {
    const onTheWire = await settingsStore.reset(caller.tenantId, caller.userId, clock())
    request.log.info({ requestsOnTheWire: onTheWire.requests }, 'settings reset')
    return afterCommit(async () => {
      await waitForRequests(settingsStore, onTheWire, timers)
      return { ...(await view(caller.tenantId)), requestsOnTheWire: onTheWire.requests }
    })
  })

  route(app, readConsent, requireAdmin, async ({ caller, params: { id } }) => {
    const consent = await findConsent(caller, id)
    return viewConsent(consent, await consents.consentUrl(consent, caller))
  })

  route(app, cancelConsent, requireAdmin, async ({ caller, params: { id } }) => {
    await consentStore.cancel(await findConsent(caller, id), caller.userId, clock())
  })

  app.get(APPROVAL_PATH, showHandOff) // the Entra administrator need not be signed in here

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

  route(app, readCredential, requireAdmin, async () => viewCredential(credentialExpiry(), clock()))
}

export function consentReturn({ consents, settingsUrl }: { consents: Consents; settingsUrl: string }): ReturnHandler {
  const link = { href: settingsUrl, text: plainText('to-settings') }
  const shared = { link, script: '/consent-result.js' }
  return async ({ state, parameters, request, reply }) => {
    const result = await consents.finish({ state, parameters, signedIn: await request.signedIn() })
    if (!result) return false
    const { log } = request
    if (result.outcome === 'ended') {
      log.warn({ because: result.because }, 'consent came back too late')
      sendPage(reply, 409, { ...shared, ...endedPage(result.because), values: {} })
      return true
    }
    const { outcome, consent } = result
    const data = { 'consent-id': consent.id, status: outcome }
    if (outcome === 'continued') {
      log.info({ consent: consent.id }, 'consent goes on')
      reply.redirect(result.url)
    } else if (outcome === 'completed') {
      log.info({ consent: consent.id }, 'consent completed')
      sendPage(reply, 200, { ...shared, ...completedPage(consent, result.fromEmail), data })
    } else {
      const { code, correlationId } = result.problem
      log.warn({ consent: consent.id, code, correlationId }, 'consent failed')
      const refusal = refusalPage(result.problem)
      const stays = plainText(consent.purpose === 'delivery-reports' ? 'what-was-on-stays' : 'nothing-changed')
      sendPage(reply, 400, { ...shared, ...refusal, paragraphs: [...refusal.paragraphs, stays, CLOSE], data })
    }
    return true
  }
}

const CLOSE = plainText('close')

function completedPage({ purpose }: ConsentRecord, fromEmail: string): Pick<PlainPage, 'title' | 'paragraphs'> {
  const name = purpose === 'delivery-reports' ? 'reports-on' : 'connected'
  return { title: plainText(`${name}.title`), paragraphs: [plainText(name, { fromEmail }), CLOSE] }
}

function endedPage(
  because: Extract<ConsentReturn, { outcome: 'ended' }>['because'],
): Pick<PlainPage, 'title' | 'paragraphs'> {
  return {
    title: plainText(`ended.${because}.title`),
    paragraphs: [
      plainText(`ended.${because}`),
      ...(because === 'other-session' ? [plainText('ended.other-session.next')] : []),
      ...(because === 'completed' ? [CLOSE] : []),
    ],
  }
}
