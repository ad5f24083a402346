import { makeStyles, tokens } from '@fluentui/react-components'
import type { AuditEvent, AuditFilter } from '@inforiver-mail/contract/audit'
import type { Column } from '../shell/data-table.tsx'
import { LocalTime } from '../shell/local-time.tsx'
import { PagedList } from '../shell/paged-list.tsx'
import { Surface } from '../shell/surface.tsx'
import { auditListQuery } from './audit-list-query.ts'
import { detailWords, outcomeWords, whatWords, whoWords } from './audit-words.ts'

const useStyles = makeStyles({
  text: { margin: 0, maxWidth: '640px' },
  lines: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalXXS },
  note: { color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase200 },
})

export function AuditList({ filter }: { filter: AuditFilter }) {
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
  { name: 'What', cell: whatWords },
  { name: 'Outcome', cell: outcomeWords },
  { name: 'Details', kind: 'code', cell: (event) => <Details event={event} /> },
]

function Who({ event }: { event: AuditEvent }) {
  const styles = useStyles()
  const { name, email } = whoWords(event)
  return (
    <span className={styles.lines}>
      <span>{name}</span>
      {email && <span className={styles.note}>{email}</span>}
    </span>
  )
}

function Details({ event }: { event: AuditEvent }) {
  const styles = useStyles()
  const details = detailWords(event)
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
