/** The paths of the pages. The server answers each of them with the same document. */
export const PAGES = {
  overview: '/',
  /** Leads to the first page of the settings. */
  settings: '/settings',
  office365Smtp: '/settings/office365-smtp',
  recipients: '/settings/recipients',
  serviceKeys: '/settings/service-keys',
  alerts: '/settings/alerts',
  auditLog: '/settings/audit-log',
  sessions: '/settings/sessions',
  messages: '/messages',
  /** The list, with or without one message beside it. */
  message: '/messages/:id?',
} as const

/** Lists the left menu from top to bottom. */
export const MENU = [
  { item: 'overview', page: PAGES.overview },
  { item: 'settings', page: PAGES.office365Smtp },
  { item: 'recipients', page: PAGES.recipients },
  { item: 'service-keys', page: PAGES.serviceKeys },
  { item: 'alerts', page: PAGES.alerts },
  { item: 'messages', page: PAGES.messages },
  { item: 'audit-log', page: PAGES.auditLog },
  { item: 'sessions', page: PAGES.sessions },
] as const

export type MenuItem = (typeof MENU)[number]['item']

/** Returns the menu item that a path belongs to, or null. */
export function menuItemAt(path: string): MenuItem | null {
  return (
    MENU.find(({ page }) => path === page || (page !== PAGES.overview && path.startsWith(`${page}/`)))?.item ?? null
  )
}

/** Returns the list of the messages that a filter finds. */
export function messagesUrl(filter: Readonly<Record<string, string>>): string {
  return `${PAGES.messages}?${new URLSearchParams(filter)}`
}

export function messageUrl(id: string): string {
  return `${PAGES.messages}/${encodeURIComponent(id)}`
}

/** Returns the URL where signing in starts. Signing in returns to `returnTo`, a path of this origin. */
export function signInUrl(returnTo: string): string {
  return `/auth/sign-in?${new URLSearchParams({ returnTo })}`
}

/** Returns the same for whoever is still signed in at Microsoft, who sees no page there. */
export function silentSignInUrl(returnTo: string): string {
  return `${signInUrl(returnTo)}&prompt=none`
}

/** Returns the current path with its query, to come back to. */
export function currentPath({ pathname, search }: { pathname: string; search: string }): string {
  return pathname + search
}

/** Returns the address if it is safe to link or open, that is http(s); else null. */
export function webAddress(text: string): string | null {
  return /^https?:\/\//i.test(text) && URL.canParse(text) ? text : null
}
