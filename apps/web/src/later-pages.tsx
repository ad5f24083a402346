import { laterPage } from './language/later-page.tsx'
import { useTranslate } from './language/language.tsx'
import type { MenuItem } from './routes.ts'
import { PageLoading, PageNotLoaded } from './ui/page-state.tsx'

// The overview is in the first load, since the app opens there. Other pages are loaded on demand.
export const LATER_PAGES = {
  settings: laterPage(
    'settings',
    async () => (await import('./office365-smtp/office365-smtp-page.tsx')).Office365SmtpPage,
    OpeningPage,
    PageNotLoaded,
  ),
  recipients: laterPage(
    'recipients',
    async () => (await import('./recipients/recipients-page.tsx')).RecipientsPage,
    OpeningPage,
    PageNotLoaded,
  ),
  'service-keys': laterPage(
    'service-keys',
    async () => (await import('./service-keys/service-keys-page.tsx')).ServiceKeysPage,
    OpeningPage,
    PageNotLoaded,
  ),
  alerts: laterPage(
    'alerts',
    async () => (await import('./alerts/alerts-page.tsx')).AlertsPage,
    OpeningPage,
    PageNotLoaded,
  ),
  messages: laterPage(
    'messages',
    async () => (await import('./messages/messages-page.tsx')).MessagesPage,
    OpeningPage,
    PageNotLoaded,
  ),
  'audit-log': laterPage(
    'audit-log',
    async () => (await import('./audit/audit-page.tsx')).AuditPage,
    OpeningPage,
    PageNotLoaded,
  ),
  sessions: laterPage(
    'sessions',
    async () => (await import('./session/sessions-page.tsx')).SessionsPage,
    OpeningPage,
    PageNotLoaded,
  ),
} as const satisfies Record<Exclude<MenuItem, 'overview'>, unknown>

function OpeningPage() {
  return <PageLoading label={useTranslate()('shell.opening-page')} />
}
