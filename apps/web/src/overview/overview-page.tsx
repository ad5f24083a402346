import { Button, Link as FluentLink, makeStyles, mergeClasses, tokens } from '@fluentui/react-components'
import type { Overview } from '@inforiver-mail/contract/overview'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { overviewQuery } from '../api/queries.ts'
import { useTranslate } from '../language/language.tsx'
import { PAGES } from '../routes.ts'
import { LiveRegion } from '../ui/live-region.tsx'
import { Page, PageIntro } from '../ui/page.tsx'
import { type Freshness, QueryPage } from '../ui/query-page.tsx'
import { Surface } from '../ui/surface.tsx'
import { LimitsSurface } from './limits-surface.tsx'
import { MailStatus } from './mail-status.tsx'
import { OutcomeSurface } from './outcome-surface.tsx'
import { isUnused } from './overview-text.ts'
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
  return (
    <QueryPage
      parent={null}
      title={t('overview.title')}
      query={useQuery(overviewQuery)}
      loading={t('overview.loading')}
    >
      {(overview, freshness) => <OverviewContent overview={overview} {...freshness} />}
    </QueryPage>
  )
}

function OverviewContent({ overview, refreshError, onRefresh }: Freshness & { overview: Overview }) {
  const styles = useStyles()
  const t = useTranslate()
  return (
    <Page width="log">
      <PageIntro title={t('overview.title')} />
      <LiveRegion>
        {refreshError && (
          <p className={styles.stale}>
            {t.rich('overview.stale', {
              retry: (content) => (
                <FluentLink as="button" inline onClick={onRefresh}>
                  {content}
                </FluentLink>
              ),
            })}
          </p>
        )}
      </LiveRegion>
      {isUnused(overview) ? (
        <NotConnected />
      ) : (
        <>
          <MailStatus overview={overview} />
          <div className={mergeClasses(styles.columns, styles.threeColumns)}>
            <HeldSurface held={overview.held} />
            <FailedSurface failed={overview.failed24h} hours={overview.hours} />
            <BouncedSurface bounced={overview.bounced24h} />
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
