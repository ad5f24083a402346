/** The pages of this app. The server answers each of these paths with the same document. */
export const PAGES = {
  home: '/',
  office365Smtp: '/settings/office365-smtp',
} as const

/** The left menu, from top to bottom. */
export const MENU = [{ label: 'Settings', section: '/settings', page: PAGES.office365Smtp }] as const

/** Signing in leaves the page and comes back to `returnTo`, a path of this origin. */
export function signInUrl(returnTo: string): string {
  return `/auth/sign-in?${new URLSearchParams({ returnTo })}`
}

/** For an Entra administrator, perhaps in another browser: therefore with the origin. */
export function adminConsentUrl(origin: string, { largeAttachments }: { largeAttachments: boolean }): string {
  return `${origin}/auth/microsoft/admin-consent?${new URLSearchParams({ largeAttachments: String(largeAttachments) })}`
}

/** Where the person is now, to come back to. */
export function currentPath({ pathname, search }: { pathname: string; search: string }): string {
  return pathname + search
}

/** An address that may become a link or be opened: the web's schemes only. */
export function webAddress(text: string): string | null {
  return /^https?:\/\//i.test(text) && URL.canParse(text) ? text : null
}
