import {
  Button,
  Checkbox,
  Field,
  Input,
  Link as FluentLink,
  makeStyles,
  Select,
  tokens,
} from '@fluentui/react-components'
import { MessageStatus, type MessageSummary } from '@inforiver-mail/contract/message'
import type { MessageFilter } from '@inforiver-mail/contract/message-list'
import { Link, useSearchParams } from 'wouter'
import { messageListQuery } from '../api/queries.ts'
import { messageUrl, PAGES } from '../routes.ts'
import type { Column } from '../ui/data-table.tsx'
import { LocalTime } from '../ui/local-time.tsx'
import { Page, PageIntro } from '../ui/page.tsx'
import { PagedList } from '../ui/paged-list.tsx'
import { Surface } from '../ui/surface.tsx'
import { TextFilter } from '../ui/text-filter.tsx'
import { BulkActions } from './bulk-actions.tsx'
import {
  exportUrl,
  isBackwards,
  isTooShort,
  MAX_TEXT_CHARACTERS,
  readPageFilter,
  toApiFilter,
  TOO_SHORT,
  writePageFilter,
  type PageFilter,
} from './message-filter.ts'
import { StatusBadge, UploadProgress } from './message-status.tsx'
import { recipientsNote, STATUS_LABELS, statusNotes, subjectText } from './message-text.ts'

const useStyles = makeStyles({
  filters: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fill, minmax(min(200px, 100%), 1fr))',
    gap: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalL}`,
    alignItems: 'start',
  },
  input: { minWidth: 0 }, // otherwise a date field is wider than a small screen
  actions: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalM },
  text: { margin: 0, maxWidth: '640px' },
  lines: { display: 'flex', flexDirection: 'column', alignItems: 'flex-start', gap: tokens.spacingVerticalXXS },
  note: { color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase200 },
})

/** Lists the messages of all services. The filter is kept in the address of the page. */
export function MessagesPage() {
  const styles = useStyles()
  const [search, setSearch] = useSearchParams()
  const pageFilter = readPageFilter(search)
  const filter = toApiFilter(pageFilter)
  const change = (changes: Partial<PageFilter>) =>
    setSearch((current) => writePageFilter({ ...readPageFilter(current), ...changes }), { replace: true })
  return (
    <Page width="log">
      <PageIntro title="Messages">
        What the Inforiver services have submitted, newest first, and what became of it.
      </PageIntro>
      <search aria-label="Messages" className={styles.filters}>
        <TextFilter
          label="Search"
          hint="Part of subject, reference, name or address."
          fault={isTooShort(pageFilter) ? TOO_SHORT : null}
          maxLength={MAX_TEXT_CHARACTERS}
          value={pageFilter.search}
          onValue={(text) => change({ search: text })}
        />
        <Field label="Status">
          <Select
            value={pageFilter.status}
            onChange={(_event, { value }) => change({ status: MessageStatus.safeParse(value).data ?? '' })}
          >
            <option value="">All</option>
            {MessageStatus.options.map((option) => (
              <option key={option} value={option}>
                {STATUS_LABELS[option]}
              </option>
            ))}
          </Select>
        </Field>
        <TextFilter
          label="Service"
          maxLength={MAX_TEXT_CHARACTERS}
          value={pageFilter.service}
          onValue={(service) => change({ service })}
        />
        <TextFilter
          label="Recipient"
          hint="The whole address."
          maxLength={MAX_TEXT_CHARACTERS}
          value={pageFilter.recipient}
          onValue={(recipient) => change({ recipient })}
        />
        <TextFilter
          label="Problem"
          hint="A code, also of Microsoft."
          maxLength={MAX_TEXT_CHARACTERS}
          value={pageFilter.problem}
          onValue={(problem) => change({ problem })}
        />
        <Field label="From">
          <Input
            type="date"
            className={styles.input}
            value={pageFilter.fromDay}
            onChange={(_event, { value }) => change({ fromDay: value })}
          />
        </Field>
        <Field label="To" validationMessage={isBackwards(pageFilter) ? 'This is before From.' : null}>
          <Input
            type="date"
            className={styles.input}
            value={pageFilter.toDay}
            onChange={(_event, { value }) => change({ toDay: value })}
          />
        </Field>
        <Checkbox
          label="May arrive twice"
          checked={pageFilter.possibleDuplicate}
          onChange={(_event, { checked }) => change({ possibleDuplicate: checked === true })}
        />
      </search>
      <div className={styles.actions}>
        <Button as="a" href={exportUrl(filter)} download>
          Export as CSV
        </Button>
        <BulkActions key={search.toString()} filter={filter} />
      </div>
      <MessageList key={JSON.stringify(filter)} filter={filter} />
    </Page>
  )
}

function MessageList({ filter }: { filter: MessageFilter }) {
  return (
    <PagedList
      query={messageListQuery(filter)}
      loading="Reading the messages"
      title="Newest messages"
      label="Messages"
      columns={COLUMNS}
      empty={<NoMessages filtered={Object.keys(filter).length > 0} />}
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

function NoMessages({ filtered }: { filtered: boolean }) {
  const styles = useStyles()
  if (filtered) {
    return (
      <Surface title="No message matches">
        <p className={styles.text}>Change or clear a filter to see other messages.</p>
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
