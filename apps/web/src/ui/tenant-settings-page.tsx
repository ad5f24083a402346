import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslate } from '../language/language.tsx'
import { PAGES } from '../routes.ts'
import { FailureBar, LiveRegion } from './notice.tsx'
import { Page, PageIntro, PageLink, QueryPage } from './page.tsx'

interface Props<Data> {
  page: 'recipients' | 'service-keys' | 'alerts' | 'sessions'
  width: 'form' | 'table'
  query: UseQueryResult<Data>
  /** What it means for the page that its data could not be read again. */
  stale?: string
  children: (data: Data) => ReactNode
}

/** A page under Tenant Settings that shows the answer of one query. */
export function TenantSettingsPage<Data>(props: Props<Data>) {
  const { page, width, query, stale, children } = props
  const t = useTranslate()
  const title = t(`shell.menu.${page}`)
  return (
    <QueryPage parent={<TenantSettingsLink />} title={title} query={query} loading={t(`page.loading.${page}`)}>
      {(data, { refreshError, onRefresh }) => (
        <Page width={width}>
          <PageIntro parent={<TenantSettingsLink />} title={title}>
            {t(`page.intro.${page}`)}
          </PageIntro>
          <LiveRegion>
            {refreshError && (
              <FailureBar error={refreshError} onRetry={onRefresh}>
                {stale && <span>{stale}</span>}
              </FailureBar>
            )}
          </LiveRegion>
          {children(data)}
        </Page>
      )}
    </QueryPage>
  )
}

/** Renders the breadcrumb's parent of every page under Tenant Settings. */
export function TenantSettingsLink() {
  const t = useTranslate()
  return (
    <PageLink href={PAGES.office365Smtp} inline>
      {t('ui.tenant-settings')}
    </PageLink>
  )
}
