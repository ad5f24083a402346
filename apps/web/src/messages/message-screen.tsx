import { Link as FluentLink, makeStyles, tokens } from '@fluentui/react-components'
import type { Message, MessageAttempt, Recipient } from '@inforiver-mail/contract/message'
import { Link } from 'wouter'
import { PAGES } from '../routes.ts'
import { type Column, DataTable } from '../shell/data-table.tsx'
import { FactList } from '../shell/fact-list.tsx'
import { FailureBar } from '../shell/failure-bar.tsx'
import { LinkedText } from '../shell/linked-text.tsx'
import { LocalTime } from '../shell/local-time.tsx'
import { News } from '../shell/news.tsx'
import { Notice } from '../shell/notice.tsx'
import { Page } from '../shell/page.tsx'
import { PageIntro } from '../shell/page-intro.tsx'
import type { Freshness } from '../shell/query-page.tsx'
import { RequestId } from '../shell/request-id.tsx'
import { Surface } from '../shell/surface.tsx'
import { HELD_WORDS } from './held-words.ts'
import { MessageActions } from './message-actions.tsx'
import {
  duplicateWords,
  noAttemptWords,
  OUTCOME_LABELS,
  recipientWords,
  subjectWords,
  waitingReason,
} from './message-words.ts'
import { MessagesLink } from './messages-link.tsx'
import { StatusBadge } from './status-badge.tsx'
import { UploadNews } from './upload-news.tsx'
import { UploadProgress } from './upload-progress.tsx'

const RECIPIENTS_AT_ONCE = 10

const useStyles = makeStyles({
  recipients: { listStyleType: 'none', margin: 0, padding: 0 },
  id: { fontFamily: tokens.fontFamilyMonospace, overflowWrap: 'anywhere' },
  text: { margin: 0 },
})

interface Props extends Freshness {
  message: Message
}

export function MessageScreen({ message, refreshError, onRefresh }: Props) {
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
        above={<MessagesLink />}
        title={subjectWords(subject)}
        shortTitle="Message"
        badge={<StatusBadge size="large" status={status} />}
      />
      <News>
        {refreshError && (
          <FailureBar error={refreshError} onRetry={onRefresh}>
            <span>What is shown may have changed since.</span>
          </FailureBar>
        )}
        <MessageNotices message={message} />
      </News>
      <UploadNews message={message} />
      <MessageActions message={message} />
      <Surface title="Message">
        <FactList facts={facts} />
      </Surface>
      <Surface title="Attempts">
        {attempts.length > 0 ? (
          <DataTable label="Attempts" columns={ATTEMPT_COLUMNS} rows={attempts} rowKey={({ at }, i) => `${at} ${i}`} />
        ) : (
          <p className={styles.text}>{noAttemptWords(message)}</p>
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

/** What an admin should know about the message, and do about it. */
function MessageNotices({ message }: { message: Message }) {
  const { status, problem, heldBecause } = message
  const duplicate = duplicateWords(message)
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
          <span>{HELD_WORDS[heldBecause].reason}</span>
          <Link href={PAGES.office365Smtp} asChild>
            <FluentLink inline>{HELD_WORDS[heldBecause].action}</FluentLink>
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

/** The first ones at once, since there may be hundreds. */
function Recipients({ to }: { to: readonly Recipient[] }) {
  const all = [...new Set(to.map(recipientWords))]
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
