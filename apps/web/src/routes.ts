/** The pages of this app. The server answers each of these paths with the same document. */
export const PAGES = {
  home: '/',
  office365Smtp: '/settings/office365-smtp',
  serviceKeys: '/settings/service-keys',
  alerts: '/settings/alerts',
  auditLog: '/settings/audit-log',
  messages: '/messages',
  message: '/messages/:id',
} as const

/** The left menu, from top to bottom. */
export const MENU = [
  { label: 'Settings', page: PAGES.office365Smtp },
  { label: 'Service keys', page: PAGES.serviceKeys },
  { label: 'Alerts', page: PAGES.alerts },
  { label: 'Messages', page: PAGES.messages },
  { label: 'Audit log', page: PAGES.auditLog },
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

/** Where the person is now, to come back to. */
export function currentPath({ pathname, search }: { pathname: string; search: string }): string {
  return pathname + search
}

/** An address that may become a link or be opened: the web's schemes only. */
export function webAddress(text: string): string | null {
  return /^https?:\/\//i.test(text) && URL.canParse(text) ? text : null
}
