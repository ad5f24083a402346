import type { ComponentType } from 'react'
import { type LaterPage, laterPage } from './language/later-page.tsx'
import { useTranslate } from './language/language.tsx'
import type { MenuItem } from './routes.ts'
import { PageLoading, PageNotLoaded } from './ui/page.tsx'

// The overview is in the first load, since the app opens there. Other pages are loaded on demand.
export const LATER_PAGES = {
  settings: wholePage(
    'settings',
    async () => (await import('./office365-smtp/office365-smtp-page.tsx')).Office365SmtpPage,
  ),
  recipients: wholePage('recipients', async () => (await import('./recipients/recipients-page.tsx')).RecipientsPage),
  'service-keys': wholePage(
    'service-keys',
    async () => (await import('./service-keys/service-keys-page.tsx')).ServiceKeysPage,
  ),
  alerts: wholePage('alerts', async () => (await import('./alerts/alerts-page.tsx')).AlertsPage),
  messages: wholePage('messages', async () => (await import('./messages/messages-page.tsx')).MessagesPage),
  'audit-log': wholePage('audit-log', async () => (await import('./audit/audit-page.tsx')).AuditPage),
  sessions: wholePage('sessions', async () => (await import('./session/sessions-page.tsx')).SessionsPage),
} as const satisfies Record<Exclude<MenuItem, 'overview'>, unknown>

function wholePage<Props extends object>(name: MenuItem, load: () => Promise<ComponentType<Props>>): LaterPage<Props> {
  return laterPage(name, load, { Meanwhile: OpeningPage, NotLoaded: PageNotLoaded })
}

function OpeningPage() {
  return <PageLoading label={useTranslate()('shell.opening-page')} />
}
