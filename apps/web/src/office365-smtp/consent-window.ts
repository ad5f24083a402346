import type { Translate } from '../language/translate.ts'
import { webAddress } from '../routes.ts'
import { CONSENT_REDIRECT_KEY } from './consent-return.ts'

const FEATURES = 'popup,width=520,height=720'

/** Open windows by consent id. Microsoft's page may sever its window from ours; then it reads as closed and is reopened. */
const windows = new Map<string, Window>()

/**
 * Opens a window for Microsoft's page, or raises the one of this consent. Call it synchronously from a click, before the
 * API has answered with the address: browsers block a window that opens later. Returns null when it is blocked anyway.
 */
export function openConsentWindow(consentId: string | null, t: Translate): Window | null {
  const open = consentId === null ? undefined : windows.get(consentId)
  if (open && !open.closed) {
    open.focus()
    return open
  }
  // A popup starts with a copy of this storage, and would act as the tab that was redirected.
  sessionStorage.removeItem(CONSENT_REDIRECT_KEY)
  const popup = window.open('about:blank', '_blank', FEATURES)
  if (!popup) return null
  popup.document.documentElement.lang = t.language
  popup.document.title = t('settings.consent.window.title')
  popup.document.body.textContent = t('settings.consent.window.opening')
  return popup
}

/** Opens Microsoft's page in the popup, or in this tab when there is none. Only http(s) addresses are opened. */
export function showConsentPage(popup: Window | null, consentId: string, consentUrl: string): void {
  const url = webAddress(consentUrl)
  if (url === null) {
    popup?.close()
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
