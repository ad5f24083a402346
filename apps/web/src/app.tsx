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
import { QueryClientProvider } from '@tanstack/react-query'
import { type ReactNode, Suspense, useState } from 'react'
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
import { PAGES } from './routes.ts'
import { SessionGate } from './session/session-gate.tsx'
import { ErrorBoundary } from './shell/error-boundary.tsx'
import { Shell } from './shell/shell.tsx'
import { Foot } from './shell/foot.tsx'
import { PageLoading, PageState } from './ui/page-state.tsx'
import { useMedia } from './ui/use-media.ts'

// The overview is in the first load, since the app opens there. Other pages are loaded on demand.
const Office365SmtpPage = laterPage(
  async () => (await import('./office365-smtp/office365-smtp-page.tsx')).Office365SmtpPage,
)
const RecipientsPage = laterPage(async () => (await import('./recipients/recipients-page.tsx')).RecipientsPage)
const ServiceKeysPage = laterPage(async () => (await import('./service-keys/service-keys-page.tsx')).ServiceKeysPage)
const AlertsPage = laterPage(async () => (await import('./alerts/alerts-page.tsx')).AlertsPage)
const MessagesPage = laterPage(async () => (await import('./messages/messages-page.tsx')).MessagesPage)
const AuditPage = laterPage(async () => (await import('./audit/audit-page.tsx')).AuditPage)
const SessionsPage = laterPage(async () => (await import('./session/sessions-page.tsx')).SessionsPage)

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
  const [queryClient] = useState(createQueryClient)
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
                    <Suspense fallback={<OpeningPage />}>
                      <Switch>
                        <Route path={PAGES.overview} component={OverviewPage} />
                        <Route path={PAGES.office365Smtp} component={Office365SmtpPage} />
                        <Route path={PAGES.recipients} component={RecipientsPage} />
                        <Route path={PAGES.serviceKeys} component={ServiceKeysPage} />
                        <Route path={PAGES.alerts} component={AlertsPage} />
                        {/* One route, so that the list stays where it is while messages are opened from it. */}
                        <Route path={PAGES.message}>{({ id }) => <MessagesPage id={id ?? null} />}</Route>
                        <Route path={PAGES.auditLog} component={AuditPage} />
                        <Route path={PAGES.sessions} component={SessionsPage} />
                        <Route component={NotFoundPage} />
                      </Switch>
                    </Suspense>
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
