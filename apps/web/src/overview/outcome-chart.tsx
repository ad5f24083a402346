import { VerticalStackedBarChart } from '@fluentui/react-charts'
import type { OutcomeCounts } from '@inforiver-mail/contract/overview'
import { useTranslate } from '../language/language.tsx'

const HEIGHT = 220
const MARGINS = { top: 12, bottom: 32, left: 48, right: 16 }
const TICKS_EVERY = { hours: 6, days: 7 } as const

export interface ChartedOutcome {
  readonly outcome: Exclude<keyof OutcomeCounts, 'at' | 'bounced'>
  readonly color: string
}

interface Props {
  kind: 'hours' | 'days'
  counts: readonly OutcomeCounts[]
  /** The outcomes in a bar, from its bottom to its top. */
  outcomes: readonly ChartedOutcome[]
}

/** A bar for each hour or day, one outcome above the other. The legend, and the numbers for screen readers, are beside it. */
export function OutcomeChart({ kind, counts, outcomes }: Props) {
  const t = useTranslate()
  const ticks = counts.flatMap(({ at }, index) =>
    (counts.length - 1 - index) % TICKS_EVERY[kind] === 0 ? [new Date(at)] : [],
  )
  return (
    <VerticalStackedBarChart
      data={counts.map((each) => ({
        xAxisPoint: new Date(each.at),
        chartData: outcomes.map(({ outcome, color }) => ({
          legend: t(`overview.outcome.${outcome}`),
          data: each[outcome],
          color,
        })),
      }))}
      height={HEIGHT}
      margins={MARGINS}
      barWidth="auto"
      hideLegend
      hideTooltip
      hideLabels
      tickValues={ticks}
      yAxisTickCount={4}
      customDateTimeFormatter={(at) => t.time(at, kind === 'hours' ? 'clock' : 'utc-day-of-year')}
      culture={t.language}
    />
  )
}
