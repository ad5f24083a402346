import { ConsentId, type Office365SmtpSettings } from '@inforiver-mail/contract/office365-smtp'
import { type QueryClient, useMutation, useQueryClient } from '@tanstack/react-query'
import { useEffect, useReducer } from 'react'
import { consentQuery, settingsQuery } from '../api/queries.ts'
import type { UnsavedMemory } from '../session/unsaved.ts'
import { useSurroundings } from '../surroundings.ts'
import { CONSENT_CHANNEL, CONSENT_REDIRECT_KEY } from './consent-channel.ts'
import { type ConsentStart, isSameStart, requestConsent } from './consent-start.ts'
import { type WatchedConsent, watch } from './consent-watch.ts'
import { openConsentWindow, showConsentPage } from './consent-window.ts'

export interface ConsentFlow {
  /** Those that are pending, or whose outcome has not been dismissed; newest first. */
  readonly consents: readonly WatchedConsent[]
  /** Asks the API for a consent and opens Microsoft's page. Call it straight from a click. */
  readonly begin: (start: ConsentStart) => void
  readonly starting: boolean
  /** Why the last `begin` came to nothing. */
  readonly failure: { readonly error: Error; readonly retry: () => void; readonly dismiss: () => void } | null
  readonly dismiss: (id: string) => void
  /** Puts away every outcome that is shown, and nothing that is pending. */
  readonly dismissEnded: () => void
}

export function useConsentFlow(settings: Office365SmtpSettings): ConsentFlow {
  const queryClient = useQueryClient()
  const { unsaved } = useSurroundings()
  const [watched, dispatch] = useReducer(watch, unsaved, keptConsents)

  const { pendingConsent } = settings
  if (pendingConsent && !watched.some(({ id }) => id === pendingConsent.id)) {
    dispatch({ type: 'seen', id: pendingConsent.id, fromEmail: pendingConsent.fromEmail })
  }

  const start = useMutation({
    mutationFn: (attempt: { start: ConsentStart; popup: Window | null }) => requestConsent(attempt.start),
    onSuccess: (consent, { start, popup }) => {
      const fromEmail = 'sender' in start ? start.sender.fromEmail : settings.fromEmail
      const started: WatchedConsent = { id: consent.id, fromEmail, start, dismissed: false }
      queryClient.setQueryData(consentQuery(consent.id).queryKey, consent)
      dispatch({ type: 'started', consent: started, ended: endedIds() })
      void queryClient.invalidateQueries(settingsQuery)
      if (consent.consentUrl === null) {
        popup?.close()
        return
      }
      showConsentPage(popup, consent.id, consent.consentUrl)
    },
    onError: (_error, { popup }) => {
      popup?.close()
      // Another admin may have been faster: the settings say so.
      void queryClient.invalidateQueries(settingsQuery)
    },
  })

  function endedIds(): string[] {
    return watched.map(({ id }) => id).filter((id) => !isPending(queryClient, id))
  }

  useEffect(() => {
    // Whoever comes back to this page is not on the way any more.
    sessionStorage.removeItem(CONSENT_REDIRECT_KEY)
  }, [])

  useEffect(() => {
    /** Whether the page goes to Microsoft itself or is reloaded: it is to find the consent again, and what was entered. */
    const onLeave = () => {
      const pending = watched.find(({ id, start }) => start !== null && isPending(queryClient, id))
      if (pending) unsaved.keep(pending)
    }
    window.addEventListener('pagehide', onLeave)
    return () => window.removeEventListener('pagehide', onLeave)
  }, [watched, unsaved, queryClient])

  useEffect(() => {
    /** A hint that a consent has ended. How, only the API says. */
    const ask = (hint: unknown) => {
      const id = ConsentId.safeParse(hint).data
      if (id === undefined) return
      const known = queryClient.getQueryData(consentQuery(id).queryKey)
      if (known === undefined || known.status === 'pending') void queryClient.invalidateQueries(consentQuery(id))
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

  function begin(what: ConsentStart): void {
    if (start.isPending) return
    // The API answers the same change with the consent that is pending.
    const pending = watched.find(({ id, start }) => isSameStart(start, what) && isPending(queryClient, id))
    start.mutate({ start: what, popup: openConsentWindow(pending?.id ?? null) })
  }

  return {
    consents: watched.filter(({ dismissed }) => !dismissed),
    begin,
    starting: start.isPending,
    failure: start.error && {
      error: start.error,
      retry: () => begin(start.variables.start),
      dismiss: start.reset,
    },
    dismiss: (id) => dispatch({ type: 'dismissed', ids: [id] }),
    dismissEnded: () => dispatch({ type: 'dismissed', ids: endedIds() }),
  }
}

function isPending(queryClient: QueryClient, id: string): boolean {
  return (queryClient.getQueryData(consentQuery(id).queryKey)?.status ?? 'pending') === 'pending'
}

/** The consent that was pending when this tab left the page, now that it is back. */
function keptConsents(unsaved: UnsavedMemory): readonly WatchedConsent[] {
  const consent = unsaved.held()?.consent
  return consent ? [consent] : []
}
