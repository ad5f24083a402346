import {
  Button,
  createDOMRenderer,
  FluentProvider,
  makeStaticStyles,
  makeStyles,
  RendererProvider,
  tokens,
  webDarkTheme,
  webLightTheme,
} from '@fluentui/react-components'
import { type QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { Redirect, Route, Switch } from 'wouter'
import { Notices } from './alerts/notices.tsx'
import { type AppEnvironment, AppEnvironmentContext } from './environment.ts'
import { LATER_PAGES } from './later-pages.tsx'
import { LanguageProvider, useTranslate } from './language/language.tsx'
import type { LanguageStore } from './language/language-store.ts'
import { LANGUAGES } from './language/languages.ts'
import { OverviewPage } from './overview/overview-page.tsx'
import { RedirectionBanner } from './recipients/redirection-banner.tsx'
import { PAGES } from './routes.ts'
import { SessionGate } from './session/session-gate.tsx'
import { Foot, Shell } from './shell/shell.tsx'
import { ErrorBoundary, PageLink, PageState } from './ui/page.tsx'
import { useMedia } from './ui/use-media.ts'

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
  queryClient,
}: {
  nonce: string
  environment: AppEnvironment
  language: LanguageStore
  queryClient: QueryClient
}) {
  const [renderer] = useState(() => createDOMRenderer(document, { styleElementAttributes: { nonce } }))
  return (
    <RendererProvider renderer={renderer}>
      <LanguageProvider store={language}>
        <Themed>
          <ErrorBoundary fallback={<BrokenPage />}>
            <AppEnvironmentContext value={environment}>
              <QueryClientProvider client={queryClient}>
                <SessionGate>
                  <Shell>
                    <RedirectionBanner />
                    <Notices />
                    <Switch>
                      <Route path={PAGES.overview} component={OverviewPage} />
                      <Route path={PAGES.office365Smtp} component={LATER_PAGES.settings} />
                      <Route path={PAGES.settings}>
                        <Redirect to={PAGES.office365Smtp} replace />
                      </Route>
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

function NotFoundPage() {
  const t = useTranslate()
  return (
    <PageState
      title={t('shell.not-found.title')}
      actions={<PageLink href={PAGES.office365Smtp}>{t('shell.not-found.back')}</PageLink>}
    >
      <span>{t('shell.not-found.text')}</span>
    </PageState>
  )
}

function BrokenPage() {
  const t = useTranslate()
  return (
    <main>
      <PageState
        title={t('shell.broken.title')}
        actions={
          <Button appearance="primary" onClick={() => location.reload()}>
            {t('ui.reload')}
          </Button>
        }
      >
        <span role="alert">{t('shell.broken.text')}</span>
      </PageState>
    </main>
  )
}
