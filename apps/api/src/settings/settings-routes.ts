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
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import type { Timers } from '../clock.ts'
import { correlationNote, sendPage, type PlainPage } from '../http/html.ts'
import type { ReturnHandler } from '../http/microsoft-callback.ts'
import { ProblemError } from '../http/problem.ts'
import { instead, route } from '../http/route.ts'
import type { SignedIn } from '../http/session.ts'
import { afterCommit } from '../outcome-unknown.ts'
import type { ConsentRecord } from './consent-row-store.ts'
import type { ConsentStore } from './consent-store.ts'
import type { ConsentReturn, Consents } from './consents.ts'
import type { DeliveryReportSwitches } from './delivery-reports.ts'
import type { ConsentRequest } from './settings-state.ts'
import type { SettingsStore } from './settings-store.ts'
import { viewConsent, viewSettings } from './settings-view.ts'
import { waitForRequests } from './wait-for-requests.ts'

interface Options {
  readonly requireAdmin: (request: FastifyRequest) => Promise<SignedIn>
  /** A service may read the settings as well. */
  readonly requireServiceOrAdmin: (request: FastifyRequest) => Promise<{ readonly tenantId: string }>
  readonly settingsStore: SettingsStore
  readonly consentStore: Pick<ConsentStore, 'find' | 'findPending' | 'cancel'>
  readonly consents: Consents
  readonly reportSwitches: DeliveryReportSwitches
  readonly showHandOff: (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>
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
    clock,
    timers,
  },
) => {
  async function view(tenantId: string): Promise<Office365SmtpSettings> {
    const [settings, waitingMessages, pending, mailboxProblem, quotaPause] = await Promise.all([
      settingsStore.read(tenantId),
      settingsStore.countWaitingMessages(tenantId),
      consentStore.findPending(tenantId, clock()),
      settingsStore.readMailboxProblem(tenantId),
      settingsStore.readQuotaPause(tenantId),
    ])
    return viewSettings(settings, { waitingMessages, pending, mailboxProblem, quotaPause })
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

const BACK = { en: 'Back to the settings', de: 'Zurück zu den Einstellungen' }
const CLOSE = { en: 'You can close this window.', de: 'Sie können dieses Fenster schließen.' }

function sendResult(reply: FastifyReply, result: ConsentReturn, settingsUrl: string): void {
  const link = { href: settingsUrl, text: BACK }
  if (result.outcome === 'ended') {
    sendPage(reply, 409, { ...ENDED[result.because], link, script: '/consent-result.js', values: {} })
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
  const { title, detail, action, values, correlationId } = result.problem
  sendPage(reply, 400, {
    title: { en: title, part: 'title' },
    paragraphs: [{ en: detail, part: 'detail' }, { en: action, part: 'action' }, whatStays(consent), CLOSE],
    values,
    note: correlationId && correlationNote(correlationId),
    data,
    link,
    script: '/consent-result.js',
  })
}

function completedPage({ purpose }: ConsentRecord, fromEmail: string): Pick<PlainPage, 'title' | 'paragraphs'> {
  if (purpose === 'delivery-reports')
    return {
      title: { en: 'Delivery reports are on', de: 'Zustellberichte sind eingeschaltet' },
      paragraphs: [
        {
          en: `What becomes of mail from ${fromEmail} is shown from now on.`,
          de: `Was aus E-Mails von ${fromEmail} wird, wird von jetzt an angezeigt.`,
        },
        CLOSE,
      ],
    }
  return {
    title: { en: 'The mailbox is connected', de: 'Das Postfach ist verbunden' },
    paragraphs: [
      { en: `Inforiver sends mail as ${fromEmail}.`, de: `Inforiver sendet E-Mails als ${fromEmail}.` },
      CLOSE,
    ],
  }
}

function whatStays({ purpose }: ConsentRecord): PageText {
  return purpose === 'delivery-reports'
    ? { en: 'What was switched on before stays on.', de: 'Was bereits eingeschaltet war, bleibt eingeschaltet.' }
    : { en: 'Nothing was changed.', de: 'Es wurde nichts geändert.' }
}

const ENDED: Readonly<
  Record<Extract<ConsentReturn, { outcome: 'ended' }>['because'], Pick<PlainPage, 'title' | 'paragraphs'>>
> = {
  'other-session': {
    title: { en: 'This consent was started elsewhere', de: 'Diese Einwilligung wurde anderswo begonnen' },
    paragraphs: [
      {
        en: 'It can be finished only in the browser, and by the person, that started it. Nothing was changed.',
        de: 'Sie kann nur in dem Browser und von der Person abgeschlossen werden, mit denen sie begonnen wurde. Es wurde nichts geändert.',
      },
      {
        en: 'Sign in to Inforiver Mail here and start again, or go back to that browser.',
        de: 'Melden Sie sich hier bei Inforiver Mail an, und beginnen Sie von vorn, oder kehren Sie zu jenem Browser zurück.',
      },
    ],
  },
  used: {
    title: { en: 'This answer was used already', de: 'Diese Antwort wurde bereits verwendet' },
    paragraphs: [
      {
        en: 'Microsoft’s answer counts once. Nothing was changed by this one.',
        de: 'Eine Antwort von Microsoft zählt einmal. Diese hat nichts geändert.',
      },
    ],
  },
  expired: {
    title: { en: 'The consent has expired', de: 'Die Einwilligung ist abgelaufen' },
    paragraphs: [
      {
        en: 'It was open for more than ten minutes. Nothing was changed; start again.',
        de: 'Sie war länger als zehn Minuten offen. Es wurde nichts geändert; beginnen Sie von vorn.',
      },
    ],
  },
  cancelled: {
    title: { en: 'The consent was cancelled', de: 'Die Einwilligung wurde abgebrochen' },
    paragraphs: [
      {
        en: 'It was cancelled in the settings before Microsoft answered. Nothing was changed.',
        de: 'Sie wurde in den Einstellungen abgebrochen, bevor Microsoft geantwortet hat. Es wurde nichts geändert.',
      },
    ],
  },
  superseded: {
    title: { en: 'The settings were changed meanwhile', de: 'Die Einstellungen wurden inzwischen geändert' },
    paragraphs: [
      {
        en: 'They were changed or reset, or another consent completed, after this one was started. It changed nothing; look at the settings and start again if need be.',
        de: 'Sie wurden geändert oder zurückgesetzt, oder eine andere Einwilligung wurde abgeschlossen, nachdem diese begonnen wurde. Sie hat nichts geändert; sehen Sie sich die Einstellungen an, und beginnen Sie bei Bedarf von vorn.',
      },
    ],
  },
  completed: {
    title: { en: 'The consent is completed', de: 'Die Einwilligung ist abgeschlossen' },
    paragraphs: [{ en: 'It was completed before.', de: 'Sie wurde bereits abgeschlossen.' }, CLOSE],
  },
  failed: {
    title: { en: 'The consent has failed', de: 'Die Einwilligung ist fehlgeschlagen' },
    paragraphs: [
      {
        en: 'It failed before, and nothing was changed. The settings page says why.',
        de: 'Sie ist bereits fehlgeschlagen, und es wurde nichts geändert. Die Seite mit den Einstellungen nennt den Grund.',
      },
    ],
  },
}

function logReturn(request: FastifyRequest, result: ConsentReturn): void {
  if (result.outcome === 'ended') request.log.warn({ because: result.because }, 'consent came back too late')
  else if (result.outcome === 'failed') {
    const { code, correlationId } = result.problem
    request.log.warn({ consent: result.consent.id, code, correlationId }, 'consent failed')
  } else if (result.outcome === 'continued') request.log.info({ consent: result.consent.id }, 'consent goes on')
  else request.log.info({ consent: result.consent.id }, 'consent completed')
}
