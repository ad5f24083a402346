import { Button, makeStyles, Spinner, tokens } from '@fluentui/react-components'
import { useInfiniteQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { pagedQuery } from '../api/paged-query.ts'
import { useTranslate } from '../language/language.tsx'
import { type Column, DataTable } from './data-table.tsx'
import { FailureBar } from './failure-bar.tsx'
import { LiveRegion } from './live-region.tsx'
import { Surface } from './surface.tsx'

const useStyles = makeStyles({
  list: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalXL },
})

interface Props<Row> {
  query: ReturnType<typeof pagedQuery<Row>>
  /** The label while the first page is awaited. */
  loading: string
  title: string
  /** Names the table for screen readers. */
  label: string
  columns: readonly Column<Row>[]
  /** Replaces the table when there are no rows. */
  empty: ReactNode
}

/** A table that loads page by page, with its loading state and failures. */
export function PagedList<Row extends { readonly id: string }>(props: Props<Row>) {
  const { query, loading, title, label, columns, empty } = props
  const styles = useStyles()
  const t = useTranslate()
  const list = useInfiniteQuery(query)
  const { data, error, hasNextPage, isFetchingNextPage, isFetchNextPageError } = list
  const rows = data?.pages.flatMap(({ items }) => items)
  const more = () => void list.fetchNextPage()
  return (
    <div className={styles.list}>
      <LiveRegion>
        {error && (
          <FailureBar error={error} onRetry={isFetchNextPageError ? more : () => void list.refetch()}>
            {rows && <span>{t('ui.may-be-stale')}</span>}
          </FailureBar>
        )}
      </LiveRegion>
      {!rows && !error && <Spinner label={loading} labelPosition="below" />}
      {rows?.length === 0 && empty}
      {rows && rows.length > 0 && (
        <Surface title={title}>
          <DataTable label={label} columns={columns} rows={rows} rowKey={({ id }) => id} />
        </Surface>
      )}
      {data && (hasNextPage || data.pages.length > 1) && (
        <LoadMore hasMore={hasNextPage} loading={isFetchingNextPage} onMore={more} />
      )}
    </div>
  )
}

interface LoadMoreProps {
  hasMore: boolean
  loading: boolean
  onMore: () => void
}

/** Shows the button below a paged list. It stays when nothing is left to load, so that the focus is not lost. */
function LoadMore({ hasMore, loading, onMore }: LoadMoreProps) {
  const t = useTranslate()
  return (
    <div>
      <Button
        icon={loading ? <Spinner size="tiny" aria-hidden /> : null}
        disabledFocusable={!hasMore || loading}
        onClick={onMore}
      >
        {t('ui.load-more')}
      </Button>
    </div>
  )
}
