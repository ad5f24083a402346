import { Button, Link as FluentLink, makeStyles, mergeClasses, tokens } from '@fluentui/react-components'
import type { Overview } from '@inforiver-mail/contract/overview'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { overviewQuery } from '../api/queries.ts'
import { useTranslate } from '../language/language.tsx'
import { PAGES } from '../routes.ts'
import { LiveRegion } from '../ui/live-region.tsx'
import { LocalTime } from '../ui/local-time.tsx'
import { Page, PageIntro } from '../ui/page.tsx'
import { type Freshness, QueryPage } from '../ui/query-page.tsx'
import { Surface } from '../ui/surface.tsx'
import { LimitsSurface } from './limits-surface.tsx'
import { MailStatus } from './mail-status.tsx'
import { OutcomeSurface } from './outcome-surface.tsx'
import { isUnused, unknownSince } from './overview-text.ts'
import { BouncedSurface, FailedSurface, HeldSurface } from './trouble-surfaces.tsx'

const useStyles = makeStyles({
  stale: { margin: 0, color: tokens.colorNeutralForeground2 },
  text: { margin: 0 },
  columns: {
    display: 'grid',
    gap: tokens.spacingVerticalXL,
    gridTemplateColumns: 'repeat(auto-fit, minmax(min(100%, 320px), 1fr))',
  },
  threeColumns: { gridTemplateColumns: 'repeat(auto-fit, minmax(min(100%, 280px), 1fr))' },
})

/** The first page: whether mail goes out, what waits, and what became of the rest. */
export function OverviewPage() {
  const t = useTranslate()
  const query = useQuery(overviewQuery)
  const { dataUpdatedAt, errorUpdatedAt } = query
  return (
    <QueryPage parent={null} title={t('overview.title')} query={query} loading={t('overview.loading')}>
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
      <PageIntro title={t('overview.title')} />
      <LiveRegion>
        {refreshError && (
          <p className={styles.stale}>
            {t.rich('overview.stale', {
              time: <LocalTime at={new Date(readAt).toISOString()} format="short" />,
              retry: (content) => (
                <FluentLink as="button" inline onClick={onRefresh}>
                  {content}
                </FluentLink>
              ),
            })}
          </p>
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
  const styles = useStyles()
  const t = useTranslate()
  return (
    <Surface title={t('overview.sentence.not-configured')}>
      <p className={styles.text}>{t('overview.connect.text')}</p>
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
