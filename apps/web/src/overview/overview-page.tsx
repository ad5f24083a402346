import {
  Button,
  Link as FluentLink,
  makeStyles,
  mergeClasses,
  MessageBar,
  MessageBarBody,
  tokens,
} from '@fluentui/react-components'
import type { Overview } from '@inforiver-mail/contract/overview'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { overviewQuery } from '../api/queries.ts'
import { useTranslate } from '../language/language.tsx'
import { PAGES } from '../routes.ts'
import { LiveRegion } from '../ui/notice.tsx'
import { FactList, LocalTime } from '../ui/values.tsx'
import { type Freshness, Page, PageIntro, PartNotLoaded, QueryPage } from '../ui/page.tsx'
import { Paragraph, Surface } from '../ui/layout.tsx'
import { MailStatus } from './mail-status.tsx'
import { OutcomeSurface } from './outcome-surface.tsx'
import { isUnused, unknownSince, warningsOf } from './overview-text.ts'
import { BouncedSurface, FailedSurface, HeldSurface } from './trouble-surfaces.tsx'
import { useRef, useState } from 'react'
import { laterPage } from '../language/later-page.tsx'
import type { Translate } from '../language/translate.ts'

const useStyles = makeStyles({
  columns: {
    display: 'grid',
    gap: tokens.spacingVerticalXL,
    gridTemplateColumns: 'repeat(auto-fit, minmax(min(100%, 320px), 1fr))',
  },
  threeColumns: { gridTemplateColumns: 'repeat(auto-fit, minmax(min(100%, 280px), 1fr))' },
  actions: { display: 'flex', gap: tokens.spacingHorizontalM },
})

/** The first page: whether mail goes out, what waits, and what became of the rest. */
export function OverviewPage() {
  const t = useTranslate()
  const query = useQuery(overviewQuery)
  const { dataUpdatedAt, errorUpdatedAt } = query
  return (
    <QueryPage parent={null} title={t('shell.menu.overview')} query={query} loading={t('overview.loading')}>
      {(overview, freshness) => (
        <OverviewContent overview={overview} readAt={dataUpdatedAt} failedAt={errorUpdatedAt} {...freshness} />
      )}
    </QueryPage>
  )
}

interface OverviewContentProps extends Freshness {
  overview: Overview
  /** When the overview was read, in ms since the epoch. */
  readAt: number
  /** When reading it failed last; 0 for never. */
  failedAt: number
}

function OverviewContent({ overview, readAt, failedAt, refreshError, onRefresh }: OverviewContentProps) {
  const styles = useStyles()
  const t = useTranslate()
  const notKnownSince = unknownSince(readAt, failedAt)
  return (
    <Page width="log">
      <PageIntro title={t('shell.menu.overview')} />
      <LiveRegion>
        {refreshError && (
          <Paragraph muted>
            {t.rich('overview.stale', {
              time: <LocalTime at={new Date(readAt).toISOString()} format="short" />,
              retry: (content) => (
                <FluentLink as="button" inline onClick={onRefresh}>
                  {content}
                </FluentLink>
              ),
            })}
          </Paragraph>
        )}
      </LiveRegion>
      {isUnused(overview) && notKnownSince === null ? (
        <NotConnected />
      ) : (
        <>
          <MailStatus overview={overview} notKnownSince={notKnownSince} />
          <div className={mergeClasses(styles.columns, styles.threeColumns)}>
            <HeldSurface held={overview.held} />
            <FailedSurface failed={overview.failed24h} hours={overview.hours} />
            <BouncedSurface bounced={overview.bounced24h} quarantined={overview.quarantined24h} />
          </div>
          <div className={styles.columns}>
            <OutcomeSurface kind="hours" counts={overview.hours} />
            <OutcomeSurface kind="days" counts={overview.days} />
          </div>
          <LimitsSurface limits={overview.limits} />
        </>
      )}
    </Page>
  )
}

function NotConnected() {
  const t = useTranslate()
  return (
    <Surface title={t('overview.sentence.not-configured')}>
      <Paragraph>{t('overview.connect.text')}</Paragraph>
      <div>
        <Link href={PAGES.office365Smtp} asChild>
          <Button as="a" appearance="primary">
            {t('overview.connect')}
          </Button>
        </Link>
      </div>
    </Surface>
  )
}

const SendingLimitsDialog = laterPage(
  'sending-limits',
  async () => (await import('./sending-limits-dialog.tsx')).SendingLimitsDialog,
  { NotLoaded: ({ onClose, ...retry }) => <PartNotLoaded {...retry} onDismiss={onClose} /> },
)

const MEGABYTE = 1_048_576

type Limits = Overview['limits']

/** What is left of the limits of the mailbox, and external recipients beside the limit that probably applies. */
function LimitsSurface({ limits }: { limits: Limits }) {
  const styles = useStyles()
  const t = useTranslate()
  const [editing, setEditing] = useState(false)
  const actions = useRef<HTMLDivElement>(null)
  const close = () => {
    setEditing(false)
    actions.current?.querySelector('button')?.focus()
  }
  const { used, likelyLimit } = limits.externalRecipientsPerDay
  return (
    <Surface title={t('overview.limits.title')}>
      {warningsOf(limits, t).map((warning) => (
        <MessageBar key={warning} intent="warning" layout="multiline">
          <MessageBarBody>{warning}</MessageBarBody>
        </MessageBar>
      ))}
      <FactList
        facts={[
          { name: t('overview.limits.per-minute'), value: leftOf(limits.messagesPerMinute, t) },
          { name: t('overview.limits.per-day'), value: leftOf(limits.recipientsPerDay, t) },
          { name: t('overview.limits.uploads'), value: leftOf(limits.uploadBytesPer5Minutes, t, MEGABYTE) },
          {
            name: t('overview.limits.external'),
            value:
              likelyLimit === null
                ? t('overview.limits.used-alone', { used: t.number(used) })
                : t('overview.limits.used', { used, limit: likelyLimit }),
          },
          { name: t('overview.limits.storage'), value: leftOf(roomOf(limits.storage), t, MEGABYTE) },
        ]}
      />
      <div ref={actions} className={styles.actions}>
        <Button onClick={() => setEditing(true)} aria-haspopup="dialog">
          {t('overview.limits.edit')}
        </Button>
      </div>
      {editing && <SendingLimitsDialog onClose={close} />}
    </Surface>
  )
}

function roomOf({ usedBytes, limitBytes }: Limits['storage']): { limit: number; left: number } {
  return { limit: limitBytes, left: Math.max(0, limitBytes - usedBytes) }
}

function leftOf(allowance: { limit: number; left: number } | null, t: Translate, unit = 1): string {
  if (allowance === null) return t('overview.limits.off')
  const [left, limit] = [Math.floor(allowance.left / unit), Math.floor(allowance.limit / unit)]
  return t(unit === 1 ? 'overview.limits.left' : 'overview.limits.left-megabytes', { left, limit })
}
