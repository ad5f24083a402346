import { Link as FluentLink, makeStyles, tokens } from '@fluentui/react-components'
import type { Message, MessageAttempt, Recipient } from '@inforiver-mail/contract/message'
import { Link } from 'wouter'
import { PAGES } from '../routes.ts'
import { type Column, DataTable } from '../shell/data-table.tsx'
import { FactList } from '../shell/fact-list.tsx'
import { FailureBar } from '../shell/failure-bar.tsx'
import { LocalTime } from '../shell/local-time.tsx'
import { Notice } from '../shell/notice.tsx'
import { PageIntro } from '../shell/page-intro.tsx'
import { RequestId } from '../shell/request-id.tsx'
import { Surface } from '../shell/surface.tsx'
import { HELD_WORDS } from './held-words.ts'
import { MessageActions } from './message-actions.tsx'
import { duplicateWords, OUTCOME_LABELS, progressWords, recipientWords, subjectWords } from './message-words.ts'
import { StatusBadge } from './status-badge.tsx'

const RECIPIENTS_AT_ONCE = 10

const useStyles = makeStyles({
  page: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalXL, maxWidth: '960px' },
  // A live region has to be there before it has something to say; empty, it takes no gap.
  live: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalM,
    ':empty': { display: 'none' },
  },
  recipients: { listStyleType: 'none', margin: 0, padding: 0 },
  id: { fontFamily: tokens.fontFamilyMonospace, overflowWrap: 'anywhere' },
  text: { margin: 0 },
})

interface Props {
  message: Message
  /** Why it could not be read again since. */
  refreshError: Error | null
  onRefresh: () => void
}

export function MessageScreen({ message, refreshError, onRefresh }: Props) {
  const styles = useStyles()
  const { id, status, from, to, subject, reference, createdAt, sendAt, nextAttemptAt, sentAt, attempts } = message
  const waits = status === 'scheduled' || status === 'queued'
  const facts = [
    { name: 'From', value: from ?? 'The sender that is connected when it is sent' },
    { name: 'To', value: to.length > 0 ? <Recipients to={to} /> : 'Copies only: recipients in Cc or Bcc' },
    { name: 'Reference', value: reference },
    { name: 'Created', value: <LocalTime at={createdAt} format="seconds" /> },
    { name: 'To be sent', value: sendAt && <LocalTime at={sendAt} format="seconds" /> },
    { name: 'Next attempt', value: waits && nextAttemptAt && <LocalTime at={nextAttemptAt} format="seconds" /> },
    { name: 'Uploaded', value: progressWords(message) },
    { name: 'Sent', value: sentAt && <LocalTime at={sentAt} format="seconds" /> },
    { name: 'Message id', value: <span className={styles.id}>{id}</span> },
  ]
  return (
    <div className={styles.page}>
      <PageIntro
        above={
          <Link href={PAGES.messages} asChild>
            <FluentLink inline>Messages</FluentLink>
          </Link>
        }
        title={subjectWords(subject)}
        shortTitle="Message"
        badge={<StatusBadge size="large" status={status} />}
      />
      <div aria-live="polite" className={styles.live}>
        {refreshError && (
          <FailureBar error={refreshError} onRetry={onRefresh}>
            <span>What is shown may have changed since.</span>
          </FailureBar>
        )}
        <MessageNotices message={message} />
      </div>
      <MessageActions message={message} />
      <Surface title="Message">
        <FactList facts={facts} />
      </Surface>
      <Surface title="Attempts">
        {attempts.length > 0 ? (
          <DataTable label="Attempts" columns={ATTEMPT_COLUMNS} rows={attempts} rowKey={({ at }, i) => `${at} ${i}`} />
        ) : (
          <p className={styles.text}>No attempt to send it has been made yet.</p>
        )}
      </Surface>
    </div>
  )
}

const ATTEMPT_COLUMNS: readonly Column<MessageAttempt>[] = [
  { name: 'Time', kind: 'keep', cell: ({ at }) => <LocalTime at={at} format="seconds" /> },
  { name: 'Outcome', cell: ({ outcome }) => OUTCOME_LABELS[outcome] },
  { name: 'Code', kind: 'code', cell: ({ code }) => code ?? '–' },
  { name: 'What happened', cell: ({ detail }) => detail },
]

/** What an admin should know about the message, and do about it. */
function MessageNotices({ message }: { message: Message }) {
  const { status, problem, heldBecause } = message
  const duplicate = duplicateWords(message)
  return (
    <>
      {status === 'failed' && problem && (
        <Notice intent="error" title={problem.title}>
          <span>{problem.detail}</span>
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
