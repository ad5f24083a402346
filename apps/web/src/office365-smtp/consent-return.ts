export interface ReturnedWindow {
  /** Reaches every page of this origin. */
  readonly broadcast: (consentId: string) => void
  /** Null where Microsoft's pages cut this window from the one that opened it. */
  readonly opener: Pick<Window, 'postMessage'> | null
  readonly origin: string
  /** The consent for which the main tab itself went to Microsoft. */
  readonly redirectedFor: string | null
  readonly forgetRedirect: () => void
  readonly backToSettings: () => void
  readonly close: () => void
}

/**
 * Ends the way back from Microsoft: tells the settings page, by whatever road is open, which consent to ask the API about
 * (the id and nothing else), then leaves: back to the settings in the main tab, out of the way in a popup.
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

/** What the settings page and the page after Microsoft's consent agree on. */
export const CONSENT_CHANNEL = 'inforiver-mail-consent'

/** In this tab's session storage: the id of the consent for which the tab itself went to Microsoft, its popup being blocked. */
export const CONSENT_REDIRECT_KEY = 'inforiver-mail-consent-redirect'
