import type { Translate } from '../language/translate.ts'
import { webAddress } from '../routes.ts'

// Both sides import this file: the settings page, and `consent-result.ts` in the window, which loads no component.

/** The BroadcastChannel on which the page after Microsoft's consent sends its id to the settings page. */
export const CONSENT_CHANNEL = 'inforiver-mail-consent'

/** Key in this tab's session storage: the id of the consent that redirected the tab, since its popup was blocked. */
export const CONSENT_REDIRECT_KEY = 'inforiver-mail-consent-redirect'

const FEATURES = 'popup,width=520,height=720'

/** Open windows by consent id. Microsoft's page may sever its window from ours; then it reads as closed and is reopened. */
const windows = new Map<string, Window>()

export interface ConsentWindow {
  /** Null when the browser blocks it. */
  readonly popup: Window | null
  /** Closes it, unless it shows Microsoft's page already. */
  readonly giveUp: () => void
}

/**
 * Opens a window for Microsoft's page, or raises the one of this consent. Call it synchronously from a click, before the
 * API has answered with the address: browsers block a window that opens later.
 */
export function openConsentWindow(consentId: string | null, t: Translate): ConsentWindow {
  const open = consentId === null ? undefined : windows.get(consentId)
  if (open && !open.closed) {
    open.focus()
    return { popup: open, giveUp: () => {} }
  }
  // A popup starts with a copy of this storage, and would act as the tab that was redirected.
  sessionStorage.removeItem(CONSENT_REDIRECT_KEY)
  const popup = window.open('about:blank', '_blank', FEATURES)
  if (popup) {
    popup.document.documentElement.lang = t.language
    popup.document.title = t('settings.consent.window.title')
    popup.document.body.textContent = t('settings.consent.window.opening')
  }
  return { popup, giveUp: () => popup?.close() }
}

/** Opens Microsoft's page in the popup, or in this tab when there is none. Only http(s) addresses are opened. */
export function showConsentPage({ popup, giveUp }: ConsentWindow, consentId: string, consentUrl: string): void {
  const url = webAddress(consentUrl)
  if (url === null) {
    giveUp()
    return
  }
  if (popup?.closed) return
  if (popup) {
    windows.set(consentId, popup)
    popup.location.replace(url)
    return
  }
  sessionStorage.setItem(CONSENT_REDIRECT_KEY, consentId)
  location.assign(url)
}

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
