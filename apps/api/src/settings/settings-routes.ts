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
import type { PageText } from '@inforiver-mail/contract/plain-page'
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
import { afterCommit } from '../domain/outcome-unknown.ts'
import type { ConsentRecord, ConsentStore } from './consent-store.ts'
import type { ConsentReturn, Consents } from './consents.ts'
import { viewCredential } from './credential-watch.ts'
import type { DeliveryReportSwitches } from './report-switches.ts'
import type { ConsentRequest } from './settings-state.ts'
import { waitForRequests, type SettingsStore } from './settings-store.ts'
import { viewConsent, viewSettings } from './settings-view.ts'

interface Options {
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

export const settingsRoutes: FastifyPluginAsync<Options> = async (
  app,
  {
    requireAdmin,
    requireServiceOrAdmin,
    settingsStore,
    consentStore,
    consents,
    reportSwitches,
    showHandOff,
    readPolicy,
    credentialExpiry,
    clock,
    timers,
  },
) => {
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
  return async ({ state, parameters, request, reply }) => {
    const result = await consents.finish({ state, parameters, signedIn: await request.signedIn() })
    if (!result) return false
    logReturn(request, result)
    sendResult(reply, result, settingsUrl)
    return true
  }
}

const CLOSE = plainText('close')

function sendResult(reply: FastifyReply, result: ConsentReturn, settingsUrl: string): void {
  const link = { href: settingsUrl, text: plainText('to-settings') }
  if (result.outcome === 'ended') {
    sendPage(reply, 409, { ...endedPage(result.because), link, script: '/consent-result.js', values: {} })
    return
  }
  const { consent } = result
  if (result.outcome === 'continued') {
    reply.redirect(result.url)
    return
  }
  const data = { 'consent-id': consent.id, status: result.outcome }
  if (result.outcome === 'completed') {
    sendPage(reply, 200, {
      ...completedPage(consent, result.fromEmail),
      data,
      link,
      script: '/consent-result.js',
    })
    return
  }
  const refusal = refusalPage(result.problem)
  sendPage(reply, 400, {
    ...refusal,
    paragraphs: [...refusal.paragraphs, whatStays(consent), CLOSE],
    data,
    link,
    script: '/consent-result.js',
  })
}

function completedPage({ purpose }: ConsentRecord, fromEmail: string): Pick<PlainPage, 'title' | 'paragraphs'> {
  if (purpose === 'delivery-reports')
    return {
      title: plainText('reports-on.title'),
      paragraphs: [plainText('reports-on', { fromEmail }), CLOSE],
    }
  return {
    title: plainText('connected.title'),
    paragraphs: [plainText('connected', { fromEmail }), CLOSE],
  }
}

function whatStays({ purpose }: ConsentRecord): PageText {
  return purpose === 'delivery-reports' ? plainText('what-was-on-stays') : plainText('nothing-changed')
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

function logReturn(request: FastifyRequest, result: ConsentReturn): void {
  if (result.outcome === 'ended') request.log.warn({ because: result.because }, 'consent came back too late')
  else if (result.outcome === 'failed') {
    const { code, correlationId } = result.problem
    request.log.warn({ consent: result.consent.id, code, correlationId }, 'consent failed')
  } else if (result.outcome === 'continued') request.log.info({ consent: result.consent.id }, 'consent goes on')
  else request.log.info({ consent: result.consent.id }, 'consent completed')
}
