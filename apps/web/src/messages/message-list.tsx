import { Button, Link as FluentLink, makeStyles, Spinner, tokens } from '@fluentui/react-components'
import type { Message, MessageStatus } from '@inforiver-mail/contract/message'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { problemCode } from '../api/failure.ts'
import { messageUrl, PAGES } from '../routes.ts'
import { type Column, DataTable } from '../shell/data-table.tsx'
import { FailureBar } from '../shell/failure-bar.tsx'
import { LocalTime } from '../shell/local-time.tsx'
import { Surface } from '../shell/surface.tsx'
import { messageListQuery } from './message-list-query.ts'
import { recipientsNote, STATUS_LABELS, statusNotes, subjectWords } from './message-words.ts'
import { StatusBadge } from './status-badge.tsx'

const useStyles = makeStyles({
  list: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalXL },
  // A live region has to be there before it has something to say; empty, it takes no gap.
  live: { ':empty': { display: 'none' } },
  text: { margin: 0, maxWidth: '640px' },
  status: { display: 'flex', flexDirection: 'column', alignItems: 'flex-start', gap: tokens.spacingVerticalXXS },
  note: { color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase200 },
})

export function MessageList({ status }: { status: MessageStatus | null }) {
  const styles = useStyles()
  const list = useInfiniteQuery(messageListQuery(status))
  const { data, error, hasNextPage, isFetchingNextPage, isFetchNextPageError } = list
  const messages = data?.pages.flatMap(({ items }) => items)
  const more = () => void list.fetchNextPage()
  return (
    <div className={styles.list}>
      <div aria-live="polite" className={styles.live}>
        {error && problemCode(error) !== 'not-signed-in' && (
          <FailureBar error={error} onRetry={isFetchNextPageError ? more : () => void list.refetch()}>
            {messages && <span>What is shown may have changed since.</span>}
          </FailureBar>
        )}
      </div>
      {!messages && !error && <Spinner label="Reading the messages" labelPosition="below" />}
      {messages?.length === 0 && <NoMessages status={status} />}
      {messages && messages.length > 0 && (
        <Surface title="Newest messages">
          <DataTable label="Messages" columns={COLUMNS} rows={messages} rowKey={({ id }) => id} />
        </Surface>
      )}
      {data && (hasNextPage || data.pages.length > 1) && (
        <div>
          {/* It stays at the end of the list, or the focus would be lost with it. */}
          <Button
            icon={isFetchingNextPage ? <Spinner size="tiny" aria-hidden /> : null}
            disabledFocusable={!hasNextPage || isFetchingNextPage}
            onClick={more}
          >
            {moreWords(hasNextPage, data.pages.at(-1)?.nextCursor ?? null)}
          </Button>
        </div>
      )}
    </div>
  )
}

function moreWords(hasNextPage: boolean, nextCursor: string | null): string {
  if (hasNextPage) return 'Load more'
  return nextCursor === null ? 'All are shown' : 'No more are shown at once'
}

const COLUMNS: readonly Column<Message>[] = [
  { name: 'Status', cell: (message) => <Status message={message} /> },
  {
    name: 'Subject',
    cell: ({ id, subject }) => (
      <Link href={messageUrl(id)} asChild>
        <FluentLink>{subjectWords(subject)}</FluentLink>
      </Link>
    ),
  },
  { name: 'To', cell: ({ to }) => recipientsNote(to) },
  { name: 'Reference', kind: 'code', cell: ({ reference }) => reference ?? '–' },
  { name: 'Created', kind: 'keep', cell: ({ createdAt }) => <LocalTime at={createdAt} format="short" /> },
  {
    name: 'Sent',
    kind: 'keep',
    cell: ({ sentAt }) => (sentAt ? <LocalTime at={sentAt} format="short" /> : '–'),
  },
]

function Status({ message }: { message: Message }) {
  const styles = useStyles()
  return (
    <span className={styles.status}>
      <StatusBadge size="medium" status={message.status} />
      {statusNotes(message).map((note) => (
        <span key={note} className={styles.note}>
          {note}
        </span>
      ))}
    </span>
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
