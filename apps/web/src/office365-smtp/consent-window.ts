import { webAddress } from '../routes.ts'
import { CONSENT_REDIRECT_KEY } from './consent-channel.ts'

const FEATURES = 'popup,width=520,height=720'

/**
 * Opens the window for Microsoft's page. Called straight from a click, before the API has said where to go: a window that
 * opens later counts as unasked for and is blocked. Null when it is blocked all the same.
 */
export function openConsentWindow(): Window | null {
  // A popup starts with a copy of this storage, and would take itself for the tab that was redirected.
  sessionStorage.removeItem(CONSENT_REDIRECT_KEY)
  const popup = window.open('about:blank', '_blank', FEATURES)
  if (!popup) return null
  popup.document.title = 'Microsoft 365'
  popup.document.body.textContent = "Opening Microsoft's page…"
  return popup
}

/** Shows Microsoft's page in the window, or in this tab when there is none. Nothing is opened but a web address. */
export function showConsentPage(popup: Window | null, consentId: string, consentUrl: string): void {
  const url = webAddress(consentUrl)
  if (url === null) {
    popup?.close()
    return
  }
  if (popup) {
    popup.location.replace(url)
    return
  }
  sessionStorage.setItem(CONSENT_REDIRECT_KEY, consentId)
  location.assign(url)
}
