import { Button, Link as FluentLink, makeStyles, tokens } from '@fluentui/react-components'
import { retryMessages } from '@inforiver-mail/contract/message-list'
import { dismissNotice, type Notice as AlertNotice } from '@inforiver-mail/contract/notice'
import { sendNow } from '@inforiver-mail/contract/usage'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, useLocation } from 'wouter'
import { call } from '../api/call.ts'
import { useRemoval } from '../api/list-mutations.ts'
import { MESSAGE_LISTS, noticesQuery, overviewQuery } from '../api/queries.ts'
import { useTranslate } from '../language/language.tsx'
import { FailureBar } from '../ui/failure-bar.tsx'
import { NoticeLine } from '../ui/notice.tsx'
import { focusContent } from '../ui/page-heading.tsx'
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
  const dismissal = useRemoval({
    queryKey: noticesQuery.queryKey,
    remove: (id) => call(dismissNotice, { params: { id } }),
    onRemoved: focusContent, // the button that had the focus is gone
  })
  const { shown, more } = fold(noticesOn(location, data?.items ?? []), isUnfolded)
  const dismiss = (id: string) => !dismissal.isPending && dismissal.mutate(id)

  return (
    <section aria-label={t('notices.region')} aria-live="polite" className={styles.notices}>
      {dismissal.error && <FailureBar error={dismissal.error} onDismiss={() => dismissal.reset()} />}
      {shown.map((notice) => (
        <NoticeItem key={notice.id} notice={notice} onDismiss={() => dismiss(notice.id)} />
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
  )
}

interface ItemProps {
  notice: AlertNotice
  onDismiss: () => void
}

function NoticeItem({ notice, onDismiss }: ItemProps) {
  const t = useTranslate()
  const { type } = notice
  const { intent, hrefOf } = NOTICE_DISPLAY[type]
  const { text, isEnglish } = noticeLine(notice, t)
  const action = useNoticeAction(notice, onDismiss)
  return (
    <>
      <NoticeLine
        intent={intent}
        title={text}
        isEnglish={isEnglish}
        onDismiss={onDismiss}
        actions={
          <>
            {action && (
              <Button size="small" disabledFocusable={action.isPending} onClick={action.run}>
                {action.label}
              </Button>
            )}
            <Link href={hrefOf(notice)} asChild>
              <FluentLink inline>{t(`notices.${type}.action`)}</FluentLink>
            </Link>
          </>
        }
      />
      {action?.error && <FailureBar error={action.error} />}
    </>
  )
}

/** What can be done about a notice with one click; null for what takes more. */
function useNoticeAction(notice: AlertNotice, onDone: () => void) {
  const t = useTranslate()
  const { type } = notice
  const queryClient = useQueryClient()
  const acting = useMutation({
    mutationFn: async () => {
      if (type === 'quota.exceeded') await call(sendNow, {})
      else await call(retryMessages, { body: { filter: failedOf(notice) } })
    },
    onSuccess: () => {
      void queryClient.invalidateQueries(overviewQuery)
      void queryClient.invalidateQueries({ queryKey: MESSAGE_LISTS })
      onDone()
    },
  })
  if (type !== 'quota.exceeded' && type !== 'messages.failed') return null
  return {
    label: t(type === 'quota.exceeded' ? 'notices.send-now' : 'notices.retry'),
    isPending: acting.isPending,
    error: acting.error,
    run: () => !acting.isPending && acting.mutate(),
  }
}
