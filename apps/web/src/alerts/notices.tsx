import { Button, makeStyles, tokens } from '@fluentui/react-components'
import { dismissNotice, type Notice as AlertNotice } from '@inforiver-mail/contract/notice'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { call } from '../api/call.ts'
import { useRemoval, useSendNow } from '../api/mutations.ts'
import { noticesQuery } from '../api/queries.ts'
import { useTranslate } from '../language/language.tsx'
import { FailureBar, Notice } from '../ui/notice.tsx'
import { focusContent, PageLink } from '../ui/page.tsx'
import { RetryQuestion } from '../ui/retry-question.tsx'
import { failedOf, fold, NOTICE_DISPLAY, noticeLine, noticesOn } from './shown-notices.ts'

const useStyles = makeStyles({
  notices: {
    display: 'flex',
    flexDirection: 'column',
    alignItems: 'stretch',
    gap: tokens.spacingVerticalS,
    maxWidth: '960px',
    marginBottom: tokens.spacingVerticalXL,
    ':empty': { display: 'none' },
  },
  more: { alignSelf: 'flex-start' },
})

/**
 * Shows the two most urgent notices at the top of every page, each in a line, and the others on request; none if they cannot
 * be read, since the page itself reports the failure.
 */
export function Notices() {
  const styles = useStyles()
  const t = useTranslate()
  const [location] = useLocation()
  const [isUnfolded, setUnfolded] = useState(false)
  const { data } = useQuery(noticesQuery)
  const [asked, setAsked] = useState<AlertNotice | null>(null)
  const dismissal = useRemoval({
    queryKey: noticesQuery.queryKey,
    remove: (id) => call(dismissNotice, { params: { id } }),
    onRemoved: focusContent, // the button that had the focus is gone
  })
  const { shown, more } = fold(noticesOn(location, data?.items ?? []), isUnfolded)
  const dismiss = (id: string) => !dismissal.isPending && dismissal.mutate(id)

  return (
    <>
      {/* Not hidden while the section is empty, since the first notice would not be announced then. */}
      <div aria-live="polite">
        <section aria-label={t('notices.region')} className={styles.notices}>
          {dismissal.error && <FailureBar error={dismissal.error} onDismiss={() => dismissal.reset()} />}
          {shown.map((notice) => (
            <NoticeItem
              key={notice.id}
              notice={notice}
              onRetry={() => setAsked(notice)}
              onDismiss={() => dismiss(notice.id)}
            />
          ))}
          {more > 0 && (
            <Button
              size="small"
              appearance="subtle"
              className={styles.more}
              aria-expanded={isUnfolded}
              onClick={() => setUnfolded(!isUnfolded)}
            >
              {isUnfolded ? t('notices.fewer') : t('notices.more', { count: more })}
            </Button>
          )}
        </section>
      </div>
      {/* Outside the live region, which would announce the question twice. */}
      {asked && (
        <RetryQuestion
          filter={failedOf(asked)}
          confirm={t('notices.retry')}
          onRetried={() => {
            setAsked(null)
            dismiss(asked.id)
          }}
          onClose={() => setAsked(null)}
        />
      )}
    </>
  )
}

interface ItemProps {
  notice: AlertNotice
  /** Asks whether to retry the messages that it is about. */
  onRetry: () => void
  onDismiss: () => void
}

function NoticeItem({ notice, onRetry, onDismiss }: ItemProps) {
  const t = useTranslate()
  const { type } = notice
  const { intent, hrefOf } = NOTICE_DISPLAY[type]
  const { text, lang } = noticeLine(notice, t)
  const endsPause = type === 'quota.exceeded'
  // Whether anything still answers in Microsoft's place is known only once a message was tried.
  const sending = useSendNow(endsPause ? onDismiss : undefined)
  return (
    <>
      <Notice
        inLine
        intent={intent}
        title={text}
        lang={lang}
        onDismiss={onDismiss}
        actions={
          <>
            {(endsPause || type === 'microsoft.unreachable') && (
              <Button size="small" disabledFocusable={sending.isPending} onClick={() => sending.mutate()}>
                {t('overview.send-now')}
              </Button>
            )}
            {type === 'messages.failed' && (
              <Button size="small" aria-haspopup="dialog" onClick={onRetry}>
                {t('notices.retry')}
              </Button>
            )}
            <PageLink href={hrefOf(notice)} inline>
              {t(`notices.${type}.action`)}
            </PageLink>
          </>
        }
      />
      {sending.error && <FailureBar error={sending.error} />}
    </>
  )
}
