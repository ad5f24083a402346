import { Button, makeStyles, tokens } from '@fluentui/react-components'
import type { MessageFilter, RetryAnswer } from '@inforiver-mail/contract/message-list'
import type { Overview } from '@inforiver-mail/contract/overview'
import { type ReactNode, useState } from 'react'
import { useAppEnvironment } from '../environment.ts'
import { useTranslate } from '../language/language.tsx'
import { laterPage } from '../language/later-page.tsx'
import type { Translate } from '../language/translate.ts'
import { messagesUrl } from '../routes.ts'
import { OutcomeNotice } from '../ui/notice.tsx'
import { retryOutcome, RetryQuestion } from '../ui/retry-question.tsx'
import { Paragraph, Surface } from '../ui/layout.tsx'
import { dayBegan } from './overview-text.ts'
import { PageLink } from '../ui/page.tsx'

/** The texts of all causes are not in the first load. */
const DeliveryCause = laterPage('delivery-cause', async () => (await import('./delivery-cause.tsx')).DeliveryCause, {
  Meanwhile: CodeAlone,
})

/** Nothing helps against these: the time is over, or the content is gone. */
const NOT_RETRYABLE: ReadonlySet<string> = new Set(['expired', 'content-lost'])

const useStyles = makeStyles({
  list: { listStyleType: 'none', margin: 0, padding: 0, display: 'grid', gap: tokens.spacingVerticalS },
  row: { display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: `0 ${tokens.spacingHorizontalM}` },
  cause: { flex: '1 1 160px', minWidth: 0, overflowWrap: 'anywhere' },
})

interface Row {
  readonly code: string
  readonly text: ReactNode
  readonly count: string
  /** The messages that it is about. */
  readonly href: string
  readonly action?: ReactNode
}

/** What is held, and why. */
export function HeldSurface({ held: { count, because } }: Pick<Overview, 'held'>) {
  const t = useTranslate()
  const rows = Object.entries(because).map(([code, held]) => ({
    code,
    href: messagesUrl({ status: 'held', problem: code }),
    text: t.known(`overview.held.${code}`) ?? code,
    count: t('messages.count', { count: held }),
  }))
  return (
    <Surface title={t('overview.held.title')}>
      {count === 0 ? <Paragraph muted>{t('overview.held.none')}</Paragraph> : <Rows rows={rows} />}
    </Surface>
  )
}

/** What failed, by cause, with a button for each to try just those again, after a question. */
export function FailedSurface({
  failed: { count, byCode },
  hours,
}: {
  failed: Overview['failed24h']
  hours: Overview['hours']
}) {
  const t = useTranslate()
  const { clock } = useAppEnvironment()
  const dayAgo = () => dayBegan(clock(), hours).toISOString()
  /** The messages that the question is about; null while none is asked. */
  const [asked, setAsked] = useState<MessageFilter | null>(null)
  const [retried, setRetried] = useState<RetryAnswer | null>(null)

  function ask(problem: string): void {
    setRetried(null)
    setAsked({ status: 'failed', problem, failedFrom: dayAgo() })
  }

  const rows = Object.entries(byCode).map(([code, failed]) => ({
    code,
    href: messagesUrl({ status: 'failed', problem: code, failedFrom: dayAgo() }),
    text: causeText(code, t),
    count: t('messages.count', { count: failed }),
    action: !NOT_RETRYABLE.has(code) && (
      <Button
        size="small"
        aria-label={t('overview.failed.retry-of', { cause: causeText(code, t) })}
        aria-haspopup="dialog"
        onClick={() => ask(code)}
      >
        {t('overview.failed.retry')}
      </Button>
    ),
  }))
  const others = count - Object.values(byCode).reduce((sum, each) => sum + each, 0)
  return (
    <Surface title={t('overview.failed.title')}>
      {retried && <OutcomeNotice outcome={retryOutcome(retried, t)} onDismiss={() => setRetried(null)} />}
      {count === 0 ? <Paragraph muted>{t('overview.failed.none')}</Paragraph> : <Rows rows={rows} />}
      {others > 0 && <Paragraph muted>{t('overview.failed.more', { count: others })}</Paragraph>}
      {asked && (
        <RetryQuestion
          filter={asked}
          confirm={t('overview.failed.retry')}
          onRetried={(answer) => {
            setAsked(null)
            setRetried(answer)
          }}
          onClose={() => setAsked(null)}
        />
      )}
    </Surface>
  )
}

/** Who was not reached, by cause, and who has to act. Nothing can be sent again here, since the content is deleted. */
export function BouncedSurface({
  bounced: { count, byCode },
  quarantined,
}: {
  bounced: Overview['bounced24h']
  quarantined: number
}) {
  const t = useTranslate()
  const rows = Object.entries(byCode).map(([code, bounced]) => ({
    code,
    href: messagesUrl({ delivery: 'failed', ...(code !== 'none' && { problem: code }) }),
    text: code === 'none' ? t('overview.bounced.no-code') : <DeliveryCause code={code} />,
    count: t('overview.recipients', { count: bounced }),
  }))
  const inQuarantine = {
    code: 'quarantined',
    href: messagesUrl({ delivery: 'quarantined' }),
    text: t('overview.quarantined'),
    count: t('overview.recipients', { count: quarantined }),
  }
  return (
    <Surface title={t('overview.bounced.title')}>
      {count + quarantined === 0 && <Paragraph muted>{t('overview.bounced.none')}</Paragraph>}
      {count > 0 && (
        <>
          <Rows rows={rows} />
          <Paragraph muted>{t('overview.bounced.hint')}</Paragraph>
        </>
      )}
      {quarantined > 0 && <Rows rows={[inQuarantine]} />}
    </Surface>
  )
}

function CodeAlone({ code }: { code: string }) {
  return useTranslate()('overview.code', { code })
}

/** A code in words. Microsoft's, which begin with a capital letter, stay beside them, since several may mean the same. */
function causeText(code: string, t: Translate): string {
  const cause = t.known(`overview.cause.${code}`)
  if (cause === null) return code
  return /^[A-Z]/.test(code) ? t('overview.cause-and-code', { cause, code }) : cause
}

function Rows({ rows }: { rows: readonly Row[] }) {
  const styles = useStyles()
  return (
    <ul className={styles.list}>
      {rows.map(({ code, text, count, href, action }) => (
        <li key={code} className={styles.row}>
          <span className={styles.cause}>
            <PageLink href={href}>{count}</PageLink>
            {': '}
            {text}
          </span>
          {action}
        </li>
      ))}
    </ul>
  )
}
