import {
  createDOMRenderer,
  FluentProvider,
  Link as FluentLink,
  makeStaticStyles,
  makeStyles,
  RendererProvider,
  tokens,
  webDarkTheme,
  webLightTheme,
} from '@fluentui/react-components'
import { type QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { Link, Route, Switch } from 'wouter'
import { Notices } from './alerts/notices.tsx'
import { createQueryClient } from './api/query-client.ts'
import { type AppEnvironment, AppEnvironmentContext } from './environment.ts'
import { laterPage } from './language/later-page.tsx'
import { LanguageProvider, useTranslate } from './language/language.tsx'
import type { LanguageStore } from './language/language-store.ts'
import { LANGUAGES } from './language/languages.ts'
import { OverviewPage } from './overview/overview-page.tsx'
import { RedirectionBanner } from './recipients/redirection-banner.tsx'
import { type MenuItem, menuItemAt, PAGES } from './routes.ts'
import { SessionGate } from './session/session-gate.tsx'
import { ErrorBoundary } from './shell/error-boundary.tsx'
import { Shell } from './shell/shell.tsx'
import { Foot } from './shell/foot.tsx'
import { PageLoading, PageState } from './ui/page-state.tsx'
import { useMedia } from './ui/use-media.ts'

// The overview is in the first load, since the app opens there. Other pages are loaded on demand.
const LATER_PAGES = {
  settings: laterPage(
    'settings',
    async () => (await import('./office365-smtp/office365-smtp-page.tsx')).Office365SmtpPage,
    OpeningPage,
  ),
  recipients: laterPage(
    'recipients',
    async () => (await import('./recipients/recipients-page.tsx')).RecipientsPage,
    OpeningPage,
  ),
  'service-keys': laterPage(
    'service-keys',
    async () => (await import('./service-keys/service-keys-page.tsx')).ServiceKeysPage,
    OpeningPage,
  ),
  alerts: laterPage('alerts', async () => (await import('./alerts/alerts-page.tsx')).AlertsPage, OpeningPage),
  messages: laterPage('messages', async () => (await import('./messages/messages-page.tsx')).MessagesPage, OpeningPage),
  'audit-log': laterPage('audit-log', async () => (await import('./audit/audit-page.tsx')).AuditPage, OpeningPage),
  sessions: laterPage('sessions', async () => (await import('./session/sessions-page.tsx')).SessionsPage, OpeningPage),
} as const satisfies Record<Exclude<MenuItem, 'overview'>, unknown>

const useDocumentStyles = makeStaticStyles({
  body: { margin: 0 },
})

const useStyles = makeStyles({
  root: {
    minHeight: '100vh',
    display: 'flex',
    flexDirection: 'column',
    backgroundColor: tokens.colorNeutralBackground2,
  },
})

/** The app. `nonce` is the CSP nonce of this document, which Fluent's style elements need. */
export function App({
  nonce,
  environment,
  language,
}: {
  nonce: string
  environment: AppEnvironment
  language: LanguageStore
}) {
  const [renderer] = useState(() => createDOMRenderer(document, { styleElementAttributes: { nonce } }))
  const [queryClient] = useState(() => openQueryClient(language))
  return (
    <RendererProvider renderer={renderer}>
      <LanguageProvider store={language}>
        <Themed>
          <ErrorBoundary>
            <AppEnvironmentContext value={environment}>
              <QueryClientProvider client={queryClient}>
                <SessionGate>
                  <Shell>
                    <RedirectionBanner />
                    <Notices />
                    <Switch>
                      <Route path={PAGES.overview} component={OverviewPage} />
                      <Route path={PAGES.office365Smtp} component={LATER_PAGES.settings} />
                      <Route path={PAGES.recipients} component={LATER_PAGES.recipients} />
                      <Route path={PAGES.serviceKeys} component={LATER_PAGES['service-keys']} />
                      <Route path={PAGES.alerts} component={LATER_PAGES.alerts} />
                      {/* One route, so that the list stays where it is while messages are opened from it. */}
                      <Route path={PAGES.message}>{({ id }) => <LATER_PAGES.messages id={id ?? null} />}</Route>
                      <Route path={PAGES.auditLog} component={LATER_PAGES['audit-log']} />
                      <Route path={PAGES.sessions} component={LATER_PAGES.sessions} />
                      <Route component={NotFoundPage} />
                    </Switch>
                  </Shell>
                </SessionGate>
                <Foot />
              </QueryClientProvider>
            </AppEnvironmentContext>
          </ErrorBoundary>
        </Themed>
      </LanguageProvider>
    </RendererProvider>
  )
}

/** Begins to load the page beside the session, which decides whether it is shown. */
function openQueryClient(language: LanguageStore): QueryClient {
  const queryClient = createQueryClient()
  const item = menuItemAt(location.pathname)
  if (item !== null && item !== 'overview') LATER_PAGES[item].begin(queryClient, language)
  return queryClient
}

function Themed({ children }: { children: ReactNode }) {
  useDocumentStyles()
  const styles = useStyles()
  const dark = useMedia('(prefers-color-scheme: dark)')
  return (
    <FluentProvider
      theme={dark ? webDarkTheme : webLightTheme}
      dir={LANGUAGES[useTranslate().language].direction}
      className={styles.root}
    >
      {children}
    </FluentProvider>
  )
}

function OpeningPage() {
  return <PageLoading label={useTranslate()('shell.opening-page')} />
}

function NotFoundPage() {
  const t = useTranslate()
  return (
    <PageState
      title={t('shell.not-found.title')}
      actions={
        <Link href={PAGES.office365Smtp} asChild>
          <FluentLink>{t('shell.not-found.back')}</FluentLink>
        </Link>
      }
    >
      <span>{t('shell.not-found.text')}</span>
    </PageState>
  )
}
