import { Button, Field, makeStyles, Select, tokens } from '@fluentui/react-components'
import { AuditAction, type AuditEvent, type AuditFilter } from '@inforiver-mail/contract/audit'
import { useSearchParams } from 'wouter'
import { auditListQuery } from '../api/queries.ts'
import type { Column } from '../ui/data-table.tsx'
import { DayRangeFields } from '../ui/day-range-fields.tsx'
import { LocalTime } from '../ui/local-time.tsx'
import { Page, PageIntro, TenantSettingsLink } from '../ui/page.tsx'
import { PagedList } from '../ui/paged-list.tsx'
import { Surface } from '../ui/surface.tsx'
import { TextFilter } from '../ui/text-filter.tsx'
import { type PageFilter, exportUrl, toApiFilter, readPageFilter, writePageFilter } from './audit-filter.ts'
import { ACTION_LABELS, detailText, outcomeText, whatText, whoText } from './audit-text.ts'

const useStyles = makeStyles({
  filters: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fill, minmax(min(200px, 100%), 1fr))',
    gap: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalL}`,
    alignItems: 'start',
  },
  text: { margin: 0, maxWidth: '640px' },
  lines: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalXXS },
  note: { color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase200 },
})

/** The audit log. Its filter is kept in the address of the page. */
export function AuditPage() {
  const styles = useStyles()
  const [search, setSearch] = useSearchParams()
  const pageFilter = readPageFilter(search)
  const filter = toApiFilter(pageFilter)
  const change = (changes: Partial<PageFilter>) =>
    setSearch((current) => writePageFilter({ ...readPageFilter(current), ...changes }), { replace: true })
  return (
    <Page width="log">
      <PageIntro parent={<TenantSettingsLink />} title="Audit log">
        Who did what when, newest first. Nothing in it can be changed or removed here.
      </PageIntro>
      <search aria-label="Audit log" className={styles.filters}>
        <DayRangeFields days={pageFilter} onDays={change} />
        <TextFilter
          label="Person"
          hint="A part of the name or address."
          maxLength={254}
          value={pageFilter.person}
          onValue={(person) => change({ person })}
        />
        <Field label="Event">
          <Select
            value={pageFilter.action ?? ''}
            onChange={(_event, { value }) => change({ action: AuditAction.safeParse(value).data ?? null })}
          >
            <option value="">All</option>
            {AuditAction.options.map((action) => (
              <option key={action} value={action}>
                {ACTION_LABELS[action]}
              </option>
            ))}
          </Select>
        </Field>
      </search>
      <div>
        <Button as="a" href={exportUrl(filter)} download>
          Export as CSV
        </Button>
      </div>
      <AuditList key={search.toString()} filter={filter} />
    </Page>
  )
}

function AuditList({ filter }: { filter: AuditFilter }) {
  const styles = useStyles()
  return (
    <PagedList
      query={auditListQuery(filter)}
      loading="Reading the audit log"
      title="Newest events"
      label="Audit log"
      columns={COLUMNS}
      empty={
        <Surface title="No event matches">
          <p className={styles.text}>Choose another period, person or event to see more of the log.</p>
        </Surface>
      }
    />
  )
}

const COLUMNS: readonly Column<AuditEvent>[] = [
  { name: 'Time', kind: 'keep', cell: ({ at }) => <LocalTime at={at} format="seconds" /> },
  { name: 'Who', kind: 'code', cell: (event) => <Who event={event} /> },
  { name: 'What', cell: whatText },
  { name: 'Outcome', cell: outcomeText },
  { name: 'Details', kind: 'code', cell: (event) => <Details event={event} /> },
]

function Who({ event }: { event: AuditEvent }) {
  const styles = useStyles()
  const { name, email } = whoText(event)
  return (
    <span className={styles.lines}>
      <span>{name}</span>
      {email && <span className={styles.note}>{email}</span>}
    </span>
  )
}

function Details({ event }: { event: AuditEvent }) {
  const styles = useStyles()
  const details = detailText(event)
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
