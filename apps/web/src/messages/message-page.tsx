import { Link as FluentLink, makeStyles, tokens } from '@fluentui/react-components'
import { type Message, type MessageAttempt, MessageId, type Recipient } from '@inforiver-mail/contract/message'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { problemCode } from '../api/failure.ts'
import { messageQuery } from '../api/queries.ts'
import { PAGES } from '../routes.ts'
import { type Column, DataTable } from '../ui/data-table.tsx'
import { FactList } from '../ui/fact-list.tsx'
import { FailureBar } from '../ui/failure-bar.tsx'
import { LinkedText } from '../ui/linked-text.tsx'
import { LiveRegion } from '../ui/live-region.tsx'
import { LocalTime } from '../ui/local-time.tsx'
import { Notice } from '../ui/notice.tsx'
import { PageState } from '../ui/page-state.tsx'
import { Page, PageIntro } from '../ui/page.tsx'
import { type Freshness, QueryPage } from '../ui/query-page.tsx'
import { RequestId } from '../ui/request-id.tsx'
import { Surface } from '../ui/surface.tsx'
import { MessageActions } from './message-actions.tsx'
import { StatusBadge, UploadAnnouncement, UploadProgress } from './message-status.tsx'
import {
  duplicateText,
  HELD_TEXT,
  noAttemptText,
  OUTCOME_LABELS,
  recipientText,
  subjectText,
  waitingReason,
} from './message-text.ts'

const useStyles = makeStyles({
  recipients: { listStyleType: 'none', margin: 0, padding: 0 },
  id: { fontFamily: tokens.fontFamilyMonospace, overflowWrap: 'anywhere' },
  text: { margin: 0 },
})

/** One message and its attempts. */
export function MessagePage({ id }: { id: string }) {
  return MessageId.safeParse(id).success ? <KnownMessagePage id={id} /> : <MessageGonePage />
}

function KnownMessagePage({ id }: { id: string }) {
  const query = useQuery(messageQuery(id))
  if (problemCode(query.error) === 'not-found') return <MessageGonePage />
  return (
    <QueryPage parent={<MessagesLink />} title="Message" query={query} loading="Reading the message">
      {(message, freshness) => <MessageScreen message={message} {...freshness} />}
    </QueryPage>
  )
}

function MessageGonePage() {
  return (
    <PageState
      title="Message not found"
      actions={
        <Link href={PAGES.messages} asChild>
          <FluentLink>Go to the messages</FluentLink>
        </Link>
      }
    >
      <span>There is no message under this address. Messages are deleted some time after they came to an end.</span>
    </PageState>
  )
}

const RECIPIENTS_AT_ONCE = 10

interface MessageScreenProps extends Freshness {
  message: Message
}

function MessageScreen({ message, refreshError, onRefresh }: MessageScreenProps) {
  const styles = useStyles()
  const { id, status, from, to, subject, reference, createdAt, sendAt, sentAt, attempts, progress } = message
  const { nextAttemptAt, waitingBecause } = message
  const waits = status === 'scheduled' || status === 'queued'
  const facts = [
    { name: 'From', value: from ?? 'The sender that is connected when it is sent' },
    { name: 'To', value: to.length > 0 ? <Recipients to={to} /> : 'Copies only: recipients in Cc or Bcc' },
    { name: 'Reference', value: reference },
    { name: 'Created', value: <LocalTime at={createdAt} format="seconds" /> },
    { name: 'To be sent', value: sendAt && <LocalTime at={sendAt} format="seconds" /> },
    {
      name: progress ? 'Upload goes on' : 'Next attempt',
      value: waits && nextAttemptAt && nextAttemptAt !== sendAt && (
        <span>
          {waitingBecause && 'Not before '}
          <LocalTime at={nextAttemptAt} format="seconds" />
        </span>
      ),
    },
    { name: 'Waits because', value: waitingReason(message) },
    { name: 'Uploaded', value: progress && <UploadProgress progress={progress} label="Upload of the attachments" /> },
    { name: 'Sent', value: sentAt && <LocalTime at={sentAt} format="seconds" /> },
    { name: 'Message id', value: <span className={styles.id}>{id}</span> },
  ]
  return (
    <Page width="table">
      <PageIntro
        parent={<MessagesLink />}
        title={subjectText(subject)}
        shortTitle="Message"
        badge={<StatusBadge size="large" status={status} />}
      />
      <LiveRegion>
        {refreshError && (
          <FailureBar error={refreshError} onRetry={onRefresh}>
            <span>What is shown may have changed since.</span>
          </FailureBar>
        )}
        <MessageNotices message={message} />
      </LiveRegion>
      <UploadAnnouncement message={message} />
      <MessageActions message={message} />
      <Surface title="Message">
        <FactList facts={facts} />
      </Surface>
      <Surface title="Attempts">
        {attempts.length > 0 ? (
          <DataTable label="Attempts" columns={ATTEMPT_COLUMNS} rows={attempts} rowKey={({ at }, i) => `${at} ${i}`} />
        ) : (
          <p className={styles.text}>{noAttemptText(message)}</p>
        )}
      </Surface>
    </Page>
  )
}

const ATTEMPT_COLUMNS: readonly Column<MessageAttempt>[] = [
  { name: 'Time', kind: 'keep', cell: ({ at }) => <LocalTime at={at} format="seconds" /> },
  { name: 'Outcome', cell: outcomeCell },
  { name: 'Code', kind: 'code', cell: ({ code }) => code ?? '–' },
  { name: 'What happened', cell: ({ detail }) => detail },
]

function outcomeCell({ outcome, count, firstAt }: MessageAttempt) {
  if (count === 1) return OUTCOME_LABELS[outcome]
  return (
    <>
      {OUTCOME_LABELS[outcome]}, {count} times since <LocalTime at={firstAt} format="seconds" />
    </>
  )
}

/** Notices on a message that failed, is held or may arrive twice. */
function MessageNotices({ message }: { message: Message }) {
  const { status, problem, heldBecause } = message
  const duplicate = duplicateText(message)
  return (
    <>
      {status === 'failed' && problem && (
        <Notice intent="error" title={problem.title}>
          <span>
            <LinkedText text={problem.detail} />
          </span>
          <RequestId label="Microsoft's code" value={problem.microsoftCode} />
          <RequestId label="Microsoft's request id" value={problem.requestId} />
        </Notice>
      )}
      {status === 'held' && heldBecause && (
        <Notice intent="warning" title="The message is held">
          <span>{HELD_TEXT[heldBecause].reason}</span>
          <Link href={PAGES.office365Smtp} asChild>
            <FluentLink inline>{HELD_TEXT[heldBecause].action}</FluentLink>
          </Link>
        </Notice>
      )}
      {duplicate && (
        <Notice intent="warning" title="It may arrive twice">
          <span>{duplicate}</span>
        </Notice>
      )}
    </>
  )
}

/** Shows the first recipients and folds the rest, since there may be hundreds. */
function Recipients({ to }: { to: readonly Recipient[] }) {
  const all = [...new Set(to.map(recipientText))]
  const rest = all.slice(RECIPIENTS_AT_ONCE)
  return (
    <>
      <RecipientList recipients={all.slice(0, RECIPIENTS_AT_ONCE)} />
      {rest.length > 0 && (
        <details>
          <summary>{rest.length} more</summary>
          <RecipientList recipients={rest} />
        </details>
      )}
    </>
  )
}

function RecipientList({ recipients }: { recipients: readonly string[] }) {
  const styles = useStyles()
  return (
    <ul className={styles.recipients}>
      {recipients.map((recipient) => (
        <li key={recipient}>{recipient}</li>
      ))}
    </ul>
  )
}

/** Renders the breadcrumb's parent of a single message. */
function MessagesLink() {
  return (
    <Link href={PAGES.messages} asChild>
      <FluentLink inline>Messages</FluentLink>
    </Link>
  )
}
