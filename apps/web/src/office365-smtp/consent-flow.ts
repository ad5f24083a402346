import { sameAddress } from '@inforiver-mail/contract/email-address'
import { ConsentId, type ConsentStatus, type Office365SmtpSettings } from '@inforiver-mail/contract/office365-smtp'
import { SHARED_PERMISSION } from '@inforiver-mail/contract/permission'
import { type QueryClient, useMutation, useQueryClient } from '@tanstack/react-query'
import { useEffect, useReducer } from 'react'
import { consentQuery, settingsQuery } from '../api/queries.ts'
import { sessionGap } from '../api/session-gap.ts'
import { useAppEnvironment } from '../environment.ts'
import { useTranslate } from '../language/language.tsx'
import { useSession } from '../session/session.tsx'
import { type ConsentStart, isSameStart, requestConsent, watch, type WatchedConsent } from './consent-start.ts'
import {
  CONSENT_CHANNEL,
  CONSENT_REDIRECT_KEY,
  type ConsentWindow,
  openConsentWindow,
  showConsentPage,
} from './consent-window.ts'
import { readUnsaved, type Unsaved } from './sender-draft.ts'

export type ConsentFlow = ReturnType<typeof useConsentFlow>

export function useConsentFlow(settings: Office365SmtpSettings) {
  const t = useTranslate()
  const queryClient = useQueryClient()
  const { clock, unsaved } = useAppEnvironment()
  const { user } = useSession()
  const [watched, dispatch] = useReducer(watch, null, () => readUnsaved(unsaved, user.email)?.consents ?? [])

  const { pendingConsent } = settings
  if (pendingConsent && !watched.some(({ id }) => id === pendingConsent.id)) {
    dispatch({ type: 'seen', id: pendingConsent.id, fromEmail: pendingConsent.fromEmail })
  }

  const request = useMutation({
    mutationFn: ({ start, opened }: { start: ConsentStart; opened: ConsentWindow }) => {
      // Signing in again comes first, in a window of its own.
      const stop = sessionGap.onWait(opened.giveUp)
      return requestConsent(start).finally(stop)
    },
    onSuccess: (consent, { start, opened }) => {
      if (consent === null) {
        opened.giveUp()
        void queryClient.invalidateQueries(settingsQuery)
        return
      }
      const fromEmail = 'sender' in start ? start.sender.fromEmail : settings.fromEmail
      const started: WatchedConsent = {
        id: consent.id,
        fromEmail,
        start,
        startedAt: clock().getTime(),
        dismissed: false,
      }
      queryClient.setQueryData(consentQuery(consent.id).queryKey, consent)
      dispatch({ type: 'started', consent: started, ended: endedIds(watched) })
      holdStarted(started) // this page may have been left since it was asked for
      void queryClient.invalidateQueries(settingsQuery)
      if (consent.consentUrl === null) {
        opened.giveUp()
        return
      }
      showConsentPage(opened, consent.id, consent.consentUrl)
    },
    onError: (_error, { opened }) => {
      opened.giveUp()
      // Another admin may have been faster, which shows in the settings.
      void queryClient.invalidateQueries(settingsQuery)
    },
  })

  function holdStarted(consent: WatchedConsent): void {
    const { draft = {}, consents: before = [] } = readUnsaved(unsaved, user.email) ?? {}
    const consents = [...watch(before, { type: 'started', consent, ended: endedIds(before) })]
    const next: Unsaved = { userEmail: user.email, draft, consents }
    unsaved.hold('settings', next, () => consents.some(({ id }) => isPending(queryClient, id)))
  }

  function endedIds(consents: readonly WatchedConsent[]): string[] {
    return consents.map(({ id }) => id).filter((id) => !isPending(queryClient, id))
  }

  useEffect(() => {
    // Being here again ends the redirect to Microsoft.
    sessionStorage.removeItem(CONSENT_REDIRECT_KEY)
  }, [])

  useEffect(() => {
    /** The message is only a hint that a consent has ended; its outcome comes from the API. */
    const ask = (hint: unknown) => {
      const id = ConsentId.safeParse(hint).data
      if (id === undefined) return
      if (isPending(queryClient, id)) void queryClient.invalidateQueries(consentQuery(id))
      void queryClient.invalidateQueries(settingsQuery)
    }
    const onMessage = ({ origin, data }: MessageEvent) => {
      if (origin === location.origin) ask(data)
    }
    const channel = new BroadcastChannel(CONSENT_CHANNEL)
    channel.addEventListener('message', ({ data }) => ask(data))
    window.addEventListener('message', onMessage)
    return () => {
      channel.close()
      window.removeEventListener('message', onMessage)
    }
  }, [queryClient])

  /** Those that this page started and has not seen completed. It goes on with them when it is shown again. */
  function unfinished(): readonly WatchedConsent[] {
    return watched.filter(
      ({ id, start, dismissed }) => start !== null && !dismissed && statusOf(queryClient, id) !== 'completed',
    )
  }

  /** Whether one of them is pending, so that it and what was entered are needed after a page load, as by Microsoft's page. */
  function isUnderWay(): boolean {
    return watched.some(({ id, start }) => start !== null && isPending(queryClient, id))
  }

  /** Whether the last consent for that sender, of those seen here, showed that it takes `Mail.Send.Shared`. */
  function needsShared(fromEmail: string): boolean {
    for (const { id, fromEmail: sender } of watched) {
      const consent = queryClient.getQueryData(consentQuery(id).queryKey)
      if (!consent || sender === null || !sameAddress(sender, fromEmail)) continue
      if (consent.status === 'completed') return false
      const missing = consent.problem?.values['missing']
      if (Array.isArray(missing) && missing.includes(SHARED_PERMISSION)) return true
    }
    return false
  }

  /** Asks the API for a consent and opens Microsoft's page. Call it synchronously from a click, or the popup is blocked. */
  function begin(start: ConsentStart): void {
    if (request.isPending) return
    // A second request for the same change returns the pending consent, so its window is reused.
    const pending = watched.find((consent) => isSameStart(consent.start, start) && isPending(queryClient, consent.id))
    request.mutate({ start, opened: openConsentWindow(pending?.id ?? null, t) })
  }

  return {
    /** Pending, or with an outcome that has not been dismissed; newest first. */
    consents: watched.filter(({ dismissed }) => !dismissed),
    begin,
    starting: request.isPending,
    /** Why the last `begin` failed. */
    failure: request.error && {
      error: request.error,
      start: request.variables.start,
      retry: () => begin(request.variables.start),
      dismiss: request.reset,
    },
    dismiss: (id: string): void => dispatch({ type: 'dismissed', ids: [id] }),
    /** Dismisses every outcome that is shown; what is pending stays. */
    dismissEnded: (): void => dispatch({ type: 'dismissed', ids: endedIds(watched) }),
    unfinished,
    isUnderWay,
    needsShared,
  }
}

function isPending(queryClient: QueryClient, id: string): boolean {
  return statusOf(queryClient, id) === 'pending'
}

function statusOf(queryClient: QueryClient, id: string): ConsentStatus {
  return queryClient.getQueryData(consentQuery(id).queryKey)?.status ?? 'pending'
}
