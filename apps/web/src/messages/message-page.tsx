import { Link as FluentLink, makeStyles, tokens } from '@fluentui/react-components'
import { type Message, MessageId } from '@inforiver-mail/contract/message'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { problemCode } from '../api/failure.ts'
import { messageQuery } from '../api/queries.ts'
import { PAGES } from '../routes.ts'
import { FactList } from '../ui/fact-list.tsx'
import { FailureBar } from '../ui/failure-bar.tsx'
import { LinkedText } from '../ui/linked-text.tsx'
import { LiveRegion } from '../ui/live-region.tsx'
import { Notice } from '../ui/notice.tsx'
import { PageState } from '../ui/page-state.tsx'
import { Page, PageIntro } from '../ui/page.tsx'
import { type Freshness, QueryPage } from '../ui/query-page.tsx'
import { RequestId } from '../ui/request-id.tsx'
import { Surface } from '../ui/surface.tsx'
import { MessageActions } from './message-actions.tsx'
import { StatusBadge, UploadAnnouncement, UploadProgress } from './message-status.tsx'
import {
  attachmentText,
  duplicateText,
  HELD_TEXT,
  PRIORITY_LABELS,
  receiptsText,
  recipientText,
  serviceText,
  subjectText,
} from './message-text.ts'
import { MessageTimeline } from './message-timeline.tsx'

const useStyles = makeStyles({
  lines: { listStyleType: 'none', margin: 0, padding: 0 },
  id: { fontFamily: tokens.fontFamilyMonospace, overflowWrap: 'anywhere' },
})

/** One message: to whom, with what, and its story. */
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

const LINES_AT_ONCE = 10
const NOT_KEPT = 'Not kept by the version that accepted it'

interface MessageScreenProps extends Freshness {
  message: Message
}

function MessageScreen({ message, refreshError, onRefresh }: MessageScreenProps) {
  const styles = useStyles()
  const { id, status, service, from, to, cc, bcc, subject, reference, priority, attachments, progress } = message
  const facts = [
    { name: 'From', value: from ?? 'The sender that is connected when it is sent' },
    { name: 'To', value: <Lines of={to.map(recipientText)} none="Copies only: recipients in Cc or Bcc" /> },
    { name: 'Cc', value: linesOf(cc, recipientText) },
    { name: 'Bcc', value: linesOf(bcc, recipientText) },
    { name: 'Attachments', value: linesOf(attachments, attachmentText) },
    { name: 'Uploaded', value: progress && <UploadProgress progress={progress} label="Upload of the attachments" /> },
    { name: 'Service', value: serviceText(service) },
    { name: 'Reference', value: reference },
    { name: 'Priority', value: PRIORITY_LABELS[priority] },
    { name: 'Receipts', value: receiptsText(message) },
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
      <Surface title="Timeline">
        <MessageTimeline message={message} />
      </Surface>
    </Page>
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

/** Returns null where the message has none. */
function linesOf<Item>(items: readonly Item[] | null, textOf: (item: Item) => string) {
  if (items === null) return NOT_KEPT
  return items.length > 0 && <Lines of={items.map(textOf)} none="" />
}

/** Shows the first lines and folds the rest, since there may be hundreds. */
function Lines({ of, none }: { of: readonly string[]; none: string }) {
  const all = [...new Set(of)]
  if (all.length === 0) return none
  const rest = all.slice(LINES_AT_ONCE)
  return (
    <>
      <LineList lines={all.slice(0, LINES_AT_ONCE)} />
      {rest.length > 0 && (
        <details>
          <summary>{rest.length} more</summary>
          <LineList lines={rest} />
        </details>
      )}
    </>
  )
}

function LineList({ lines }: { lines: readonly string[] }) {
  const styles = useStyles()
  return (
    <ul className={styles.lines}>
      {lines.map((line) => (
        <li key={line}>{line}</li>
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
