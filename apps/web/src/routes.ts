/** The pages of this app. The server answers each of these paths with the same document. */
export const PAGES = {
  home: '/',
  office365Smtp: '/settings/office365-smtp',
  serviceKeys: '/settings/service-keys',
  messages: '/messages',
  message: '/messages/:id',
} as const

/** The left menu, from top to bottom. */
export const MENU = [
  { label: 'Settings', page: PAGES.office365Smtp },
  { label: 'Service keys', page: PAGES.serviceKeys },
  { label: 'Messages', page: PAGES.messages },
] as const

export type MenuLabel = (typeof MENU)[number]['label']

/** The item under which a page is found; null for a page that is under none. */
export function menuLabelAt(path: string): MenuLabel | null {
  return MENU.find(({ page }) => path === page || path.startsWith(`${page}/`))?.label ?? null
}

export function messageUrl(id: string): string {
  return `${PAGES.messages}/${encodeURIComponent(id)}`
}

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
