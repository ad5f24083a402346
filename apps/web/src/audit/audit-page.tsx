import { Button, makeStyles, Spinner, tokens } from '@fluentui/react-components'
import {
  AuditAction,
  type AuditEvent,
  type AuditFilter,
  exportAuditEvents,
  listAuditEvents,
} from '@inforiver-mail/contract/audit'
import { infiniteQueryOptions, useInfiniteQuery } from '@tanstack/react-query'
import { useSearchParams } from 'wouter'
import { isPageReadAgain, useLoadError } from '../api/queries.ts'
import { useTranslate } from '../language/language.tsx'
import type { Translate } from '../language/translate.ts'
import { type Column, TableSurface } from '../ui/data-table.tsx'
import { ChoiceField, DayRangeFields, TextFilter } from '../ui/fields.tsx'
import { DownloadButton } from '../ui/download-button.tsx'
import { FailureBar, LiveRegion } from '../ui/notice.tsx'
import { LocalTime } from '../ui/values.tsx'
import { Page, PageIntro } from '../ui/page.tsx'
import { TenantSettingsLink } from '../ui/tenant-settings-page.tsx'
import { type PageFilter, readPageFilter, toApiFilter, writePageFilter } from './audit-filter.ts'
import { detailText, outcomeText, whatText, whoText } from './audit-text.ts'
import { call, requestFor } from '../api/call.ts'

const useStyles = makeStyles({
  filters: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fill, minmax(min(200px, 100%), 1fr))',
    gap: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalL}`,
    alignItems: 'start',
  },
  list: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalXL },
  lines: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalXXS },
  note: { color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase200 },
})

/** The audit log. Its filter is kept in the address of the page. */
export function AuditPage() {
  const styles = useStyles()
  const t = useTranslate()
  const [search, setSearch] = useSearchParams()
  const pageFilter = readPageFilter(search)
  const filter = toApiFilter(pageFilter)
  const change = (changes: Partial<PageFilter>) =>
    setSearch((current) => writePageFilter({ ...readPageFilter(current), ...changes }), { replace: true })
  return (
    <Page width="log">
      <PageIntro parent={<TenantSettingsLink />} title={t('shell.menu.audit-log')}>
        {t('audit.intro')}
      </PageIntro>
      <search aria-label={t('shell.menu.audit-log')} className={styles.filters}>
        <DayRangeFields days={pageFilter} onDays={change} />
        <TextFilter
          label={t('audit.person')}
          hint={t('audit.person-hint')}
          maxLength={254}
          value={pageFilter.person}
          onValue={(person) => change({ person })}
        />
        <ChoiceField
          label={t('audit.event')}
          options={AuditAction.options}
          nameOf={(action) => t(`audit.action.${action}`)}
          none={t('ui.all')}
          value={pageFilter.action ?? ''}
          onValue={(action) => change({ action: action || null })}
        />
      </search>
      <div>
        <DownloadButton href={requestFor(exportAuditEvents, { query: filter }).url} />
      </div>
      <AuditList key={search.toString()} filter={filter} />
    </Page>
  )
}

function AuditList({ filter }: { filter: AuditFilter }) {
  const styles = useStyles()
  const t = useTranslate()
  const list = useInfiniteQuery(auditListQuery(filter))
  const { data, hasNextPage, isFetchingNextPage, isFetchNextPageError } = list
  const error = useLoadError(list)
  const events = data?.pages.flatMap(({ items }) => items)
  const more = () => void list.fetchNextPage()
  return (
    <div className={styles.list}>
      <LiveRegion>
        {error && (
          <FailureBar error={error} onRetry={isFetchNextPageError ? more : () => void list.refetch()}>
            {events && <span>{t('ui.may-be-stale')}</span>}
          </FailureBar>
        )}
      </LiveRegion>
      {!events && !error && <Spinner label={t('audit.loading')} labelPosition="below" />}
      {events && (
        <TableSurface
          title={t('audit.newest')}
          label={t('shell.menu.audit-log')}
          columns={columns(t)}
          rows={events}
          empty={{ title: t('audit.empty.title'), text: t('audit.empty.text') }}
        />
      )}
      {data && (hasNextPage || data.pages.length > 1) && (
        <div>
          {/* It stays when nothing is left to load, so that the focus is not lost. */}
          <Button
            icon={isFetchingNextPage ? <Spinner size="tiny" aria-hidden /> : null}
            disabledFocusable={!hasNextPage || isFetchingNextPage}
            onClick={more}
          >
            {t('audit.load-more')}
          </Button>
        </div>
      )}
    </div>
  )
}

function columns(t: Translate): readonly Column<AuditEvent>[] {
  return [
    { name: t('audit.column.time'), kind: 'keep', cell: ({ at }) => <LocalTime at={at} format="seconds" /> },
    { name: t('audit.column.who'), kind: 'code', cell: (event) => <Who event={event} /> },
    { name: t('audit.column.what'), cell: (event) => whatText(event, t) },
    { name: t('audit.column.outcome'), cell: (event) => outcomeText(event, t) },
    { name: t('audit.column.details'), kind: 'code', cell: (event) => <Details event={event} /> },
  ]
}

function Who({ event }: { event: AuditEvent }) {
  const styles = useStyles()
  const { name, email } = whoText(event, useTranslate())
  return (
    <span className={styles.lines}>
      <span>{name}</span>
      {email && <span className={styles.note}>{email}</span>}
    </span>
  )
}

function Details({ event }: { event: AuditEvent }) {
  const styles = useStyles()
  const details = detailText(event, useTranslate())
  if (details.length === 0) return '–'
  return (
    <span className={styles.lines}>
      {details.map(({ name, value }) => (
        <span key={name} className={styles.note}>
          {name}: {value}
        </span>
      ))}
    </span>
  )
}

const REFRESH_INTERVAL_MS = 30_000
const PAGE_EVENTS = 50
/** A refresh reads every loaded page again, so longer lists are not refreshed by themselves. */
const MAX_REFRESHED_PAGES = 20

/** The newest events; `fetchNextPage` adds older ones. */
export function auditListQuery(filter: AuditFilter) {
  return infiniteQueryOptions({
    queryKey: ['audit-events', filter],
    queryFn: ({ pageParam: cursor, signal, ...context }) =>
      call(listAuditEvents, { query: { ...filter, limit: PAGE_EVENTS, ...(cursor !== null && { cursor }) } }, signal, {
        polling: isPageReadAgain(context, cursor),
      }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    // The interval grows with the pages: one call per `REFRESH_INTERVAL_MS` on average.
    refetchInterval: ({ state: { data } }) => isShort(data) && REFRESH_INTERVAL_MS * (data?.pages.length ?? 1),
    refetchOnWindowFocus: ({ state: { data } }) => isShort(data) && 'always',
  })
}

function isShort(data: { readonly pages: readonly unknown[] } | undefined): boolean {
  return (data?.pages.length ?? 0) <= MAX_REFRESHED_PAGES
}
