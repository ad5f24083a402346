import { Field, makeStyles, Select, tokens } from '@fluentui/react-components'
import { AuditAction, type AuditEvent, type AuditFilter } from '@inforiver-mail/contract/audit'
import { useSearchParams } from 'wouter'
import { auditListQuery } from '../api/queries.ts'
import { useTranslate } from '../language/language.tsx'
import type { Translate } from '../language/translate.ts'
import type { Column } from '../ui/data-table.tsx'
import { DayRangeFields } from '../ui/day-range-fields.tsx'
import { DownloadButton } from '../ui/download-button.tsx'
import { LocalTime } from '../ui/local-time.tsx'
import { Page, PageIntro, TenantSettingsLink } from '../ui/page.tsx'
import { PagedList } from '../ui/paged-list.tsx'
import { Surface } from '../ui/surface.tsx'
import { TextFilter } from '../ui/text-filter.tsx'
import { type PageFilter, exportUrl, toApiFilter, readPageFilter, writePageFilter } from './audit-filter.ts'
import { detailText, outcomeText, whatText, whoText } from './audit-text.ts'

const useStyles = makeStyles({
  filters: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fill, minmax(min(200px, 100%), 1fr))',
    gap: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalL}`,
    alignItems: 'start',
  },
  // Otherwise the longest option makes the field wider than a small screen.
  select: { minWidth: 0, gridTemplateColumns: 'minmax(0, 1fr)', '& select': { minWidth: 0, width: '100%' } },
  text: { margin: 0, maxWidth: '640px' },
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
      <PageIntro parent={<TenantSettingsLink />} title={t('audit.title')}>
        {t('audit.intro')}
      </PageIntro>
      <search aria-label={t('audit.title')} className={styles.filters}>
        <DayRangeFields days={pageFilter} onDays={change} />
        <TextFilter
          label={t('audit.person')}
          hint={t('audit.person-hint')}
          maxLength={254}
          value={pageFilter.person}
          onValue={(person) => change({ person })}
        />
        <Field label={t('audit.event')} className={styles.select}>
          <Select
            value={pageFilter.action ?? ''}
            onChange={(_event, { value }) => change({ action: AuditAction.safeParse(value).data ?? null })}
          >
            <option value="">{t('audit.all')}</option>
            {AuditAction.options.map((action) => (
              <option key={action} value={action}>
                {t(`audit.action.${action}`)}
              </option>
            ))}
          </Select>
        </Field>
      </search>
      <div>
        <DownloadButton href={exportUrl(filter)}>{t('audit.export')}</DownloadButton>
      </div>
      <AuditList key={search.toString()} filter={filter} />
    </Page>
  )
}

function AuditList({ filter }: { filter: AuditFilter }) {
  const styles = useStyles()
  const t = useTranslate()
  return (
    <PagedList
      query={auditListQuery(filter)}
      loading={t('audit.loading')}
      title={t('audit.newest')}
      label={t('audit.title')}
      columns={columns(t)}
      empty={
        <Surface title={t('audit.empty.title')}>
          <p className={styles.text}>{t('audit.empty.text')}</p>
        </Surface>
      }
    />
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
