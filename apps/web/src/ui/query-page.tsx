import { Link, makeStyles } from '@fluentui/react-components'
import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { problemCode } from '../api/failure.ts'
import { useLoadError } from '../api/load-error.ts'
import { useTranslate } from '../language/language.tsx'
import { PageFailure, PageLoading } from './page-state.tsx'
import { Page, PageIntro } from './page.tsx'

const useStyles = makeStyles({
  text: { margin: 0 },
})

/** Whether the data shown is up to date. */
export interface Freshness {
  readonly refreshError: Error | null
  readonly onRefresh: () => void
}

interface Props<Data> {
  /** Breadcrumb and title, for a page that has no data to show. */
  parent: ReactNode
  title: string
  query: UseQueryResult<Data>
  /** The label while the first answer is awaited. */
  loading: string
  children: (data: Data, freshness: Freshness) => ReactNode
}

/** Renders a page from one query; until there is data, its loading state or its failure. */
export function QueryPage<Data>({ parent, title, query, loading, children }: Props<Data>) {
  const { data, isFetching } = query
  const error = useLoadError(query)
  const onRefresh = () => void query.refetch()
  if (problemCode(error) === 'office365-smtp-disabled') {
    return <DisabledPage parent={parent} title={title} onRetry={onRefresh} />
  }
  if (data !== undefined) return children(data, { refreshError: error, onRefresh })
  if (error) return <PageFailure error={error} retrying={isFetching} onRetry={onRefresh} />
  return <PageLoading label={loading} />
}

interface DisabledPageProps {
  parent: ReactNode
  title: string
  onRetry: () => void
}

/** Replaces every page while the installation does not use Office 365 SMTP. */
function DisabledPage({ parent, title, onRetry }: DisabledPageProps) {
  const styles = useStyles()
  const t = useTranslate()
  return (
    <Page width="form">
      <PageIntro parent={parent} title={title} />
      <p className={styles.text}>{t.rich('ui.closed.text', { code: (content) => <code>{content}</code> })}</p>
      <div>
        <Link as="button" onClick={onRetry}>
          {t('ui.closed.check-again')}
        </Link>
      </div>
    </Page>
  )
}
