import { CONSENT_CHANNEL, CONSENT_REDIRECT_KEY, tellPage } from './office365-smtp/consent-window.ts'
import { PAGES } from './routes.ts'

const consentId = document.querySelector<HTMLElement>('main')?.dataset['consentId']

if (consentId) {
  const channel = new BroadcastChannel(CONSENT_CHANNEL)
  tellPage(consentId, {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has no other origins
    broadcast: (id) => channel.postMessage(id),
    opener: window.opener as Window | null,
    origin: location.origin,
    redirectedFor: sessionStorage.getItem(CONSENT_REDIRECT_KEY),
    forgetRedirect: () => sessionStorage.removeItem(CONSENT_REDIRECT_KEY),
    backToSettings: () => location.replace(PAGES.office365Smtp),
    close: () => window.close(),
  })
}
