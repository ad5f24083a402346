import { Field, Link as FluentLink, makeStyles, Select, tokens } from '@fluentui/react-components'
import { MessageStatus, type MessageSummary } from '@inforiver-mail/contract/message'
import { Link, useSearchParams } from 'wouter'
import { messageListQuery } from '../api/queries.ts'
import { messageUrl, PAGES } from '../routes.ts'
import type { Column } from '../ui/data-table.tsx'
import { LocalTime } from '../ui/local-time.tsx'
import { Page, PageIntro } from '../ui/page.tsx'
import { PagedList } from '../ui/paged-list.tsx'
import { Surface } from '../ui/surface.tsx'
import { StatusBadge, UploadProgress } from './message-status.tsx'
import { readStatus, recipientsNote, STATUS_LABELS, statusNotes, subjectText } from './message-text.ts'

const useStyles = makeStyles({
  filter: { maxWidth: '240px' },
  text: { margin: 0, maxWidth: '640px' },
  lines: { display: 'flex', flexDirection: 'column', alignItems: 'flex-start', gap: tokens.spacingVerticalXXS },
  note: { color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase200 },
})

/** Lists the messages of all services. The status to filter by is kept in the address of the page. */
export function MessagesPage() {
  const styles = useStyles()
  const [search, setSearch] = useSearchParams()
  const status = readStatus(search.get('status'))
  return (
    <Page width="log">
      <PageIntro title="Messages">
        What the Inforiver services have submitted, newest first, and what became of it.
      </PageIntro>
      <Field label="Status" className={styles.filter}>
        <Select
          value={status ?? ''}
          onChange={(_event, { value }) => setSearch(value === '' ? {} : { status: value }, { replace: true })}
        >
          <option value="">All</option>
          {MessageStatus.options.map((option) => (
            <option key={option} value={option}>
              {STATUS_LABELS[option]}
            </option>
          ))}
        </Select>
      </Field>
      <MessageList key={status} status={status} />
    </Page>
  )
}

function MessageList({ status }: { status: MessageStatus | null }) {
  return (
    <PagedList
      query={messageListQuery(status)}
      loading="Reading the messages"
      title="Newest messages"
      label="Messages"
      columns={COLUMNS}
      empty={<NoMessages status={status} />}
    />
  )
}

const COLUMNS: readonly Column<MessageSummary>[] = [
  { name: 'Status', cell: (message) => <Status message={message} /> },
  {
    name: 'Subject',
    kind: 'main',
    cell: (message) => <Subject message={message} />,
  },
  { name: 'To', kind: 'code', cell: ({ to }) => recipientsNote(to) },
  { name: 'Created', kind: 'keep', cell: ({ createdAt }) => <LocalTime at={createdAt} format="short" /> },
  {
    name: 'Sent',
    kind: 'keep',
    cell: ({ sentAt }) => (sentAt ? <LocalTime at={sentAt} format="short" /> : '–'),
  },
]

/** Shows the subject, with the reference that the service gave the message, if any. */
function Subject({ message: { id, subject, reference } }: { message: MessageSummary }) {
  const styles = useStyles()
  return (
    <div className={styles.lines}>
      <Link href={messageUrl(id)} asChild>
        <FluentLink>{subjectText(subject)}</FluentLink>
      </Link>
      {reference && <span className={styles.note}>Reference: {reference}</span>}
    </div>
  )
}

function Status({ message }: { message: MessageSummary }) {
  const styles = useStyles()
  return (
    <div className={styles.lines}>
      <StatusBadge size="medium" status={message.status} />
      {statusNotes(message).map((note) => (
        <span key={note} className={styles.note}>
          {note}
        </span>
      ))}
      {message.waitingBecause && message.nextAttemptAt && (
        <span className={styles.note}>
          Not before <LocalTime at={message.nextAttemptAt} format="seconds" />
        </span>
      )}
      {message.progress && (
        <div className={styles.note}>
          <UploadProgress progress={message.progress} label={`Upload of ${subjectText(message.subject)}`} />
        </div>
      )}
    </div>
  )
}

function NoMessages({ status }: { status: MessageStatus | null }) {
  const styles = useStyles()
  if (status) {
    return (
      <Surface title={`No message is ${STATUS_LABELS[status].toLowerCase()}`}>
        <p className={styles.text}>Choose another status to see other messages.</p>
      </Surface>
    )
  }
  return (
    <Surface title="No messages yet">
      <p className={styles.text}>
        Reports, alerts and invitations appear here as soon as a service submits them. A service submits with a{' '}
        <Link href={PAGES.serviceKeys} asChild>
          <FluentLink inline>service key</FluentLink>
        </Link>
        ; a test mail can be sent from the{' '}
        <Link href={PAGES.office365Smtp} asChild>
          <FluentLink inline>settings</FluentLink>
        </Link>
        .
      </p>
    </Surface>
  )
}
