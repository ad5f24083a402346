export interface ReturnedWindow {
  /** Reaches every page of this origin. */
  readonly broadcast: (consentId: string) => void
  /** Null when Microsoft's page has severed this window from its opener. */
  readonly opener: Pick<Window, 'postMessage'> | null
  readonly origin: string
  /** The consent for which this tab itself was redirected to Microsoft. */
  readonly redirectedFor: string | null
  readonly forgetRedirect: () => void
  readonly backToSettings: () => void
  readonly close: () => void
}

/**
 * Handles the return from Microsoft. It tells the settings page, over every channel that is open, which consent to ask the
 * API about (only its id), then closes the popup or, in a tab that was redirected, goes back to the settings.
 */
export function tellPage(consentId: string, window: ReturnedWindow): void {
  window.broadcast(consentId)
  window.opener?.postMessage(consentId, window.origin)
  if (window.redirectedFor === consentId) {
    window.forgetRedirect()
    window.backToSettings()
    return
  }
  window.close()
}

/** The BroadcastChannel on which the page after Microsoft's consent sends its id to the settings page. */
export const CONSENT_CHANNEL = 'inforiver-mail-consent'

/** Key in this tab's session storage: the id of the consent that redirected the tab, since its popup was blocked. */
export const CONSENT_REDIRECT_KEY = 'inforiver-mail-consent-redirect'
