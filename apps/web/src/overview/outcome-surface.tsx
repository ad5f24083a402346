import { makeStyles, tokens } from '@fluentui/react-components'
import type { OutcomeCounts } from '@inforiver-mail/contract/overview'
import { lazy, Suspense, useState } from 'react'
import { useTranslate } from '../language/language.tsx'
import { ErrorBoundary } from '../ui/page.tsx'
import { Paragraph, Surface } from '../ui/layout.tsx'
import type { ChartedOutcome } from './outcome-chart.tsx'

/** The outcomes of messages, from the bottom of a bar to its top. */
const CHARTED = [
  { outcome: 'sent', color: tokens.colorPaletteGreenBorderActive },
  { outcome: 'failed', color: tokens.colorPaletteRedBorderActive },
  { outcome: 'held', color: tokens.colorPaletteMarigoldBorderActive },
] as const satisfies readonly ChartedOutcome[]

/** All outcomes. Those of recipients are counted beside the chart: in its bars they would stand for messages. */
const OUTCOMES = [...CHARTED, { outcome: 'bounced', color: null }] as const

/** Charts come after the page: their library is larger than the rest of it. */
const OutcomeChart = lazy(async () => {
  await pageLoaded()
  return { default: (await import('./outcome-chart.tsx')).OutcomeChart }
})

const useStyles = makeStyles({
  legend: {
    listStyleType: 'none',
    margin: 0,
    padding: 0,
    display: 'flex',
    flexWrap: 'wrap',
    gap: `${tokens.spacingVerticalXS} ${tokens.spacingHorizontalL}`,
  },
  outcome: { display: 'flex', alignItems: 'center', gap: tokens.spacingHorizontalS },
  mark: { width: '12px', height: '12px', borderRadius: '2px', forcedColorAdjust: 'none' },
  chart: { minHeight: '220px', overflow: 'hidden' },
  table: { borderCollapse: 'collapse', width: '100%' },
  cell: {
    textAlign: 'start',
    fontSize: tokens.fontSizeBase200,
    hyphens: 'auto',
    padding: `${tokens.spacingVerticalXS} ${tokens.spacingHorizontalXS}`,
    // Where there is room for whole words, none is broken to make numbers wider.
    overflowWrap: 'normal',
    '@container (max-width: 400px)': { overflowWrap: 'anywhere' },
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  details: { containerType: 'inline-size' },
  summary: { cursor: 'pointer', padding: `${tokens.spacingVerticalXS} 0` },
})

interface Props {
  kind: 'hours' | 'days'
  counts: readonly OutcomeCounts[]
}

/** What became of the mail by hours or days: a chart, and the same numbers as a table. */
export function OutcomeSurface({ kind, counts }: Props) {
  const styles = useStyles()
  const t = useTranslate()
  const [tableOpen, setTableOpen] = useState(false)
  const totalOf = (outcome: (typeof OUTCOMES)[number]['outcome']) =>
    counts.reduce((sum, each) => sum + each[outcome], 0)
  return (
    <Surface title={t(`overview.${kind}.title`)}>
      <ul className={styles.legend}>
        {OUTCOMES.map(({ outcome, color }) => (
          <li key={outcome} className={styles.outcome}>
            {color !== null && <span className={styles.mark} style={{ backgroundColor: color }} aria-hidden />}
            {t(`overview.outcome.${outcome}`)}: {t.number(totalOf(outcome))}
          </li>
        ))}
      </ul>
      {OUTCOMES.every(({ outcome }) => totalOf(outcome) === 0) ? (
        <Paragraph muted>{t('overview.chart.nothing')}</Paragraph>
      ) : CHARTED.every(({ outcome }) => totalOf(outcome) === 0) ? null : (
        <div className={styles.chart} aria-hidden inert>
          {/* Nothing is lost with the chart: the table has all that it shows. */}
          <ErrorBoundary fallback={<Paragraph muted>{t('overview.chart.failed')}</Paragraph>}>
            <Suspense fallback={<Paragraph muted>{t('overview.chart.loading')}</Paragraph>}>
              <OutcomeChart kind={kind} counts={counts} outcomes={CHARTED} />
            </Suspense>
          </ErrorBoundary>
        </div>
      )}
      <details className={styles.details} onToggle={({ currentTarget }) => setTableOpen(currentTarget.open)}>
        <summary className={styles.summary}>{t('overview.chart.table')}</summary>
        {tableOpen && <OutcomeTable kind={kind} counts={counts} />}
      </details>
    </Surface>
  )
}

/** The numbers of a chart. Its hundreds of cells are made for those who ask for them. */
function OutcomeTable({ kind, counts }: Props) {
  const styles = useStyles()
  const t = useTranslate()
  return (
    <table className={styles.table} aria-label={t(`overview.${kind}.title`)}>
      <thead>
        <tr>
          <th scope="col" className={styles.cell}>
            {t(kind === 'hours' ? 'overview.chart.hour' : 'overview.chart.day')}
          </th>
          {OUTCOMES.map(({ outcome }) => (
            <th key={outcome} scope="col" className={styles.cell}>
              {t(`overview.outcome.${outcome}`)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {counts.toReversed().map((each) => (
          <tr key={each.at}>
            <th scope="row" className={styles.cell}>
              {t.time(each.at, kind === 'hours' ? 'short' : 'utc-day')}
            </th>
            {OUTCOMES.map(({ outcome }) => (
              <td key={outcome} className={styles.cell}>
                {t.number(each[outcome])}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** Resolves once the document and all that it loads at first is there. */
function pageLoaded(): Promise<void> {
  return new Promise((resolve) => {
    // Wait until the event, and whatever waits for it, is done.
    const later = () => setTimeout(resolve)
    if (document.readyState === 'complete') later()
    else window.addEventListener('load', later, { once: true })
  })
}
