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
import { useAppEnvironment } from '../environment.ts'
import { useTranslate } from '../language/language.tsx'
import { FailureBar } from '../ui/failure-bar.tsx'
import { NoticeLine } from '../ui/notice.tsx'
import { focusContent } from '../ui/page-heading.tsx'
import { noticeLine } from './notice-text.ts'
import { fold, NOTICE_DISPLAY, noticesOn } from './shown-notices.ts'

const DAY_MS = 24 * 60 * 60_000
/** How often the causes of what failed are read while a notice names them. */
const CAUSES_MS = 30_000

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
  const { intent, href } = NOTICE_DISPLAY[type]
  const isFailed = type === 'messages.failed'
  const { data: overview } = useQuery({ ...overviewQuery, enabled: isFailed, refetchInterval: CAUSES_MS })
  const { text, isEnglish } = noticeLine(notice, overview?.failed24h.byCode ?? {}, t)
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
            <Link href={href} asChild>
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
function useNoticeAction({ type }: AlertNotice, onDone: () => void) {
  const t = useTranslate()
  const { clock } = useAppEnvironment()
  const queryClient = useQueryClient()
  const acting = useMutation({
    mutationFn: async () => {
      if (type === 'quota.exceeded') await call(sendNow, {})
      else {
        const failedFrom = new Date(clock().getTime() - DAY_MS).toISOString()
        await call(retryMessages, { body: { filter: { status: 'failed', failedFrom } } })
      }
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
