/** What the settings page and the page after Microsoft's consent agree on. */
export const CONSENT_CHANNEL = 'inforiver-mail-consent'

/** In this tab's session storage: the id of the consent for which the tab itself went to Microsoft, its popup being blocked. */
export const CONSENT_REDIRECT_KEY = 'inforiver-mail-consent-redirect'
