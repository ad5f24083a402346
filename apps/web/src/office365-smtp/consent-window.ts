import { webAddress } from '../routes.ts'
import { CONSENT_REDIRECT_KEY } from './consent-return.ts'

const FEATURES = 'popup,width=520,height=720'

/** By consent. Microsoft's page may cut its window from ours: then it counts as closed, and is opened once more. */
const windows = new Map<string, Window>()

/**
 * Opens the window for Microsoft's page, or raises the one of this consent. Called straight from a click, before the API
 * has said where to go: a window that opens later counts as unasked for and is blocked. Null when it is blocked all the
 * same.
 */
export function openConsentWindow(consentId: string | null): Window | null {
  const open = consentId === null ? undefined : windows.get(consentId)
  if (open && !open.closed) {
    open.focus()
    return open
  }
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
    windows.set(consentId, popup)
    popup.location.replace(url)
    return
  }
  sessionStorage.setItem(CONSENT_REDIRECT_KEY, consentId)
  location.assign(url)
}
