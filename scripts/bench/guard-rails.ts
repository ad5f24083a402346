import type { Testbed } from '../testbed/testbed.ts'

/** What a figure has to reach, and whether other programs that take the processors change it. */
interface GuardRail {
  readonly must: 'at least' | 'at most'
  readonly bound: number
  readonly measures: 'time' | 'size'
  /** What is aimed at, and need not be reached. */
  readonly isGoal?: true
}

const GUARD_RAILS = {
  'submit and delivery together over graphile-worker': { must: 'at least', bound: 1.7, measures: 'time' },
  'drain over graphile-worker': { must: 'at least', bound: 0.6, measures: 'time' },
  'CPU of a plain loop over that of the product': { must: 'at least', bound: 0.45, measures: 'time' },
  'kB of log for each mail': { must: 'at most', bound: 9.6, measures: 'size' },
  'p99 of a submit over that of a bare commit': { must: 'at most', bound: 4, measures: 'time' },
  'ms for the slowest read beside a million messages': { must: 'at most', bound: 250, measures: 'time' },
  'ms for the slowest search together with another filter': { must: 'at most', bound: 400, measures: 'time' },
  'MB above idle, one file of 150 MB': { must: 'at most', bound: 32, measures: 'size' },
  'MB of memory ten minutes after a start': { must: 'at most', bound: 150, measures: 'size', isGoal: true },
  's until /readyz at the second start of the release': { must: 'at most', bound: 1.5, measures: 'time', isGoal: true },
  'submit and delivery together over the other release': {
    must: 'at least',
    bound: 1.15,
    measures: 'time',
    isGoal: true,
  },
  'processor time of a mail over that in the other release': {
    must: 'at most',
    bound: 1,
    measures: 'time',
    isGoal: true,
  },
} as const satisfies Readonly<Record<string, GuardRail>>

type Name = keyof typeof GUARD_RAILS
/** What a bench gets. */
export interface BenchDeps {
  readonly testbed: Testbed
  readonly score: ReturnType<typeof createScoreboard>
  /** The folder of the sources of another release. */
  readonly beside: string | null
  /** A second PostgreSQL and simulator, without tables. */
  readonly openAnother: () => Promise<Testbed>
}

/** With more, other programs set rates and times beside the product. */
const MOST_OF_OTHERS = 0.1

/**
 * Keeps what was measured.
 *
 * @param shareOfOthers what part of the processors' time other programs took; null where nobody knows
 */
export function createScoreboard(print: (line: string) => void, shareOfOthers: () => number | null) {
  const counts = { reached: 0, missed: 0, missedGoals: 0, notJudged: 0 }

  function judge(line: string, verdict: keyof typeof counts): void {
    counts[verdict] += 1
    print(`  ${line}`)
  }

  return {
    /** Prints whether a figure reaches what it has to. `beside` says what it was measured by. */
    note(name: Name, figure: number, beside = ''): void {
      const { must, bound, measures, isGoal }: GuardRail = GUARD_RAILS[name]
      const said = `${name}${beside === '' ? '' : ` (${beside})`}: ${Number(figure.toPrecision(3))}`
      const share = shareOfOthers() ?? 0
      if (measures === 'time' && share > MOST_OF_OTHERS)
        return judge(`not judged: ${said}, ${describeOthers(share)}`, 'notJudged')
      // Not a number reaches nothing.
      const reaches = must === 'at least' ? figure >= bound : figure <= bound
      const wanted = `${isGoal ? 'the goal is' : 'must be'} ${must} ${bound}`
      const missed = isGoal ? 'missedGoals' : 'missed'
      judge(`${reaches ? 'reached' : 'missed'}: ${said}, ${wanted}`, reaches ? 'reached' : missed)
    },
    giveUp: (name: Name, reason: string): void => judge(`not judged: ${name}: ${reason}`, 'notJudged'),
    counts: (): Readonly<typeof counts> => counts,
  }
}

export function describeOthers(share: number): string {
  return `while other programs took ${Math.round(100 * share)} % of the processors`
}
