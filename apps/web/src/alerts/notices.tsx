import { Link as FluentLink, makeStyles, tokens } from '@fluentui/react-components'
import { dismissNotice, type Notice as AlertNotice } from '@inforiver-mail/contract/notice'
import { useQuery } from '@tanstack/react-query'
import { Link, useLocation } from 'wouter'
import { call } from '../api/call.ts'
import { useRemoval } from '../api/list-mutations.ts'
import { noticesQuery } from '../api/queries.ts'
import { FailureBar } from '../ui/failure-bar.tsx'
import { LinkedText } from '../ui/linked-text.tsx'
import { LocalTime } from '../ui/local-time.tsx'
import { Notice } from '../ui/notice.tsx'
import { focusContent } from '../ui/page-heading.tsx'
import { NOTICE_DISPLAY, noticesOn } from './shown-notices.ts'

const useStyles = makeStyles({
  notices: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalM,
    maxWidth: '960px',
    marginBottom: tokens.spacingVerticalXL,
    ':empty': { display: 'none' },
  },
})

/** Shows the notices at the top of every page, or none if they cannot be read; the page itself reports the failure. */
export function Notices() {
  const styles = useStyles()
  const [location] = useLocation()
  const { data } = useQuery(noticesQuery)
  const dismissal = useRemoval({
    queryKey: noticesQuery.queryKey,
    remove: (id) => call(dismissNotice, { params: { id } }),
    onRemoved: focusContent, // the button that had the focus is gone
  })

  return (
    <div aria-live="polite" className={styles.notices}>
      {dismissal.error && <FailureBar error={dismissal.error} onDismiss={() => dismissal.reset()} />}
      {noticesOn(location, data?.items ?? []).map((notice) => (
        <NoticeBar
          key={notice.id}
          notice={notice}
          onDismiss={() => !dismissal.isPending && dismissal.mutate(notice.id)}
        />
      ))}
    </div>
  )
}

interface Props {
  notice: AlertNotice
  onDismiss: () => void
}

function NoticeBar({ notice: { type, at, title, detail, action }, onDismiss }: Props) {
  const { intent, link } = NOTICE_DISPLAY[type]
  return (
    <Notice intent={intent} title={title} onDismiss={onDismiss}>
      <span>{detail}</span>
      <span>
        <LinkedText text={action} />
      </span>
      <span>
        <LocalTime at={at} />.{' '}
        <Link href={link.href} asChild>
          <FluentLink inline>{link.label}</FluentLink>
        </Link>
      </span>
    </Notice>
  )
}
