import { Button, makeStyles, tokens } from '@fluentui/react-components'
import { DismissRegular } from '@fluentui/react-icons/svg/dismiss'
import type { Message } from '@inforiver-mail/contract/message'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { problemCode } from '../api/failure.ts'
import { messageQuery, useLoadError } from '../api/queries.ts'
import { serverText } from '../api/server-text.ts'
import { useTranslate } from '../language/language.tsx'
import { PAGES } from '../routes.ts'
import { CopyButton, FactList, LinkedText, LocalTime, RequestId } from '../ui/values.tsx'
import { FailureBar, LiveRegion, Notice } from '../ui/notice.tsx'
import { type Freshness, Page, PageIntro, PageLink, PageState, QueryPage } from '../ui/page.tsx'
import { Surface } from '../ui/layout.tsx'
import { FoldedLines, MessageTimeline } from './message-timeline.tsx'
import { MessageActions } from './message-actions.tsx'
import { StatusBadge, UploadAnnouncement, UploadProgress } from './message-status.tsx'
import { attachmentText, duplicateText, receiptsText, recipientText, serviceText, subjectText } from './message-text.ts'

const useStyles = makeStyles({
  id: { fontFamily: tokens.fontFamilyMonospace, overflowWrap: 'anywhere' },
  ids: { display: 'flex', flexDirection: 'column', alignItems: 'flex-start', gap: tokens.spacingVerticalS },
  close: { position: 'absolute', insetInlineEnd: 0, top: 0 },
  top: { position: 'relative', paddingInlineEnd: '40px' },
})

interface Props {
  id: string
  /** Where closing it leads. */
  listUrl: string
}

/** One message: to whom, with what, and its story. */
export function MessageDetails({ id, listUrl }: Props) {
  const t = useTranslate()
  const query = useQuery(messageQuery(id))
  if (problemCode(useLoadError(query)) === 'not-found') return <MessageGone listUrl={listUrl} />
  return (
    <QueryPage
      parent={<MessagesLink listUrl={listUrl} />}
      title={t('messages.message')}
      query={query}
      loading={t('messages.loading-one')}
    >
      {(message, freshness) => <MessageScreen message={message} listUrl={listUrl} {...freshness} />}
    </QueryPage>
  )
}

export function MessageGone({ listUrl }: { listUrl: string }) {
  const t = useTranslate()
  return (
    <PageState title={t('messages.gone')} actions={<PageLink href={listUrl}>{t('messages.go-to-list')}</PageLink>}>
      <span>{t('messages.gone-detail')}</span>
    </PageState>
  )
}

interface MessageScreenProps extends Freshness {
  message: Message
  listUrl: string
}

function MessageScreen({ message, listUrl, refreshError, onRefresh }: MessageScreenProps) {
  const styles = useStyles()
  const t = useTranslate()
  const { status, service, from, to, cc, bcc, subject, priority, attachments, progress, expiresAt } = message
  const notKept = t('messages.not-kept')
  const linesOf = (lines: readonly string[] | undefined) =>
    lines === undefined ? notKept : lines.length > 0 && <FoldedLines lines={lines} />
  const facts = [
    { name: t('messages.fact.from'), value: from ?? t('messages.fact.from-later') },
    {
      name: t('messages.fact.to'),
      value: to.length > 0 ? <FoldedLines lines={to.map(recipientText)} /> : t('messages.fact.to-none'),
    },
    { name: t('messages.fact.cc'), value: linesOf(cc?.map(recipientText)) },
    { name: t('messages.fact.bcc'), value: linesOf(bcc?.map(recipientText)) },
    {
      name: t('messages.fact.attachments'),
      value: linesOf(attachments?.map((attachment) => attachmentText(attachment, t))),
    },
    {
      name: t('messages.fact.uploaded'),
      value: progress && <UploadProgress progress={progress} label={t('messages.upload')} />,
    },
    { name: t('messages.filter.service'), value: serviceText(service, t) },
    { name: t('messages.fact.priority'), value: t(`messages.priority.${priority}`) },
    { name: t('messages.fact.receipts'), value: receiptsText(message, t) },
    { name: t('messages.fact.expires'), value: expiresAt && <LocalTime at={expiresAt} format="short" /> },
    { name: t('messages.fact.ids'), value: <Ids message={message} /> },
  ]
  return (
    <Page width="table">
      <div className={styles.top}>
        <PageIntro
          parent={<MessagesLink listUrl={listUrl} />}
          title={subjectText(subject, t)}
          shortTitle={t('messages.message')}
          badge={<StatusBadge size="large" status={status} />}
        />
        <Link href={listUrl} asChild>
          <Button
            as="a"
            className={styles.close}
            appearance="subtle"
            icon={<DismissRegular />}
            aria-label={t('messages.close')}
          />
        </Link>
      </div>
      <LiveRegion>
        {refreshError && (
          <FailureBar error={refreshError} onRetry={onRefresh}>
            <span>{t('ui.may-be-stale')}</span>
          </FailureBar>
        )}
        <MessageNotices message={message} />
      </LiveRegion>
      <UploadAnnouncement message={message} />
      <MessageActions message={message} />
      <Surface title={t('messages.message')}>
        <FactList facts={facts} />
      </Surface>
      <Surface title={t('messages.timeline')}>
        <MessageTimeline message={message} />
      </Surface>
    </Page>
  )
}

/** The ids by which a message is found elsewhere: in logs, in the service that sent it, at Microsoft. */
function Ids({ message: { id, reference, problem } }: { message: Message }) {
  const styles = useStyles()
  const t = useTranslate()
  const ids = [
    { name: t('messages.fact.id'), value: id },
    { name: t('messages.filter.reference'), value: reference },
    { name: t('sending.microsoft-code'), value: problem?.microsoftCode ?? null },
    { name: t('sending.microsoft-request'), value: problem?.requestId ?? null },
  ]
  const lines = ids.filter(({ value }) => value !== null).map(({ name, value }) => `${name}: ${value}`)
  return (
    <div className={styles.ids}>
      <span className={styles.id}>{id}</span>
      {reference && <RequestId label={t('messages.filter.reference')} value={reference} />}
      <CopyButton label={t('messages.copy-ids')} text={lines.join('\n')} fallback={t('messages.copy-ids-fallback')} />
    </div>
  )
}

/** Notices on a message that failed, is held or may arrive twice. */
function MessageNotices({ message }: { message: Message }) {
  const t = useTranslate()
  const { status, problem, heldBecause } = message
  const duplicate = duplicateText(message, t)
  const said = problem && serverText(problem, t)
  return (
    <>
      {status === 'failed' && problem && (
        <Notice intent="error" title={said?.title ?? problem.title} lang={said?.lang}>
          <LinkedText text={said?.detail ?? problem.detail} lang={said?.lang} />
          <RequestId label={t('sending.microsoft-code')} value={problem.microsoftCode} />
          <RequestId label={t('sending.microsoft-request')} value={problem.requestId} />
        </Notice>
      )}
      {status === 'held' && heldBecause && (
        <Notice intent="warning" title={t('messages.is-held')}>
          <span>{t(`sending.held.${heldBecause}`)}</span>
          <PageLink href={PAGES.office365Smtp} inline>
            {t(`messages.held-action.${heldBecause}`)}
          </PageLink>
        </Notice>
      )}
      {duplicate && (
        <Notice intent="warning" title={t('messages.twice')}>
          <span>{duplicate}</span>
        </Notice>
      )}
    </>
  )
}

/** Renders the breadcrumb's parent of a single message. */
function MessagesLink({ listUrl }: { listUrl: string }) {
  const t = useTranslate()
  return (
    <PageLink href={listUrl} inline>
      {t('shell.menu.messages')}
    </PageLink>
  )
}
