/**
 * Exactly one of `atLeast` and `atMost` is what a figure must reach. Other programs that take the processors change
 * one that measures time, and none that measures size.
 */
export type Target = { readonly measures: 'time' | 'size'; readonly wish: number | null } & (
  | { readonly atLeast: number; readonly atMost?: never }
  | { readonly atMost: number; readonly atLeast?: never }
)

/**
 * What the benches must reach, and what is wished for. docs/decisions/0054-what-it-costs-and-how-it-grows.md says what
 * was measured, and why something is missed. All are ratios of one run, except for the megabytes.
 */
export const TARGETS = {
  'CPU of a plain loop over CPU of the product, submit and delivery together': {
    measures: 'time',
    atLeast: 0.5,
    wish: 0.6,
  },
  'submit and delivery together over graphile-worker': { measures: 'time', atLeast: 1.7, wish: 2.2 },
  'drain over graphile-worker': { measures: 'time', atLeast: 0.7, wish: 1 },
  'WAL of a mail over 7.4 kB': { measures: 'size', atMost: 0.8, wish: 0.7 },
  'WAL of a mail over 7.4 kB, with the search index': { measures: 'size', atMost: 1.3, wish: 0.9 },
  'two workers over one at 100 ms, 64 in flight each': { measures: 'time', atLeast: 1.8, wish: 1.9 },
  'one worker at 100 ms over what 192 in flight allow': { measures: 'time', atLeast: 0.75, wish: 0.85 },
  'rate beside a million messages, or 10,000 tenants, over beside nothing': {
    measures: 'time',
    atLeast: 0.95,
    wish: 1,
  },
  'CPU of PostgreSQL for a mail, the same': { measures: 'time', atMost: 1.1, wish: 1 },
  'a read beside a million messages over beside a thousand': { measures: 'time', atMost: 3, wish: 1.5 },
  'rate under a snapshot held open, after 40,000 mails, over without': { measures: 'time', atLeast: 0.6, wish: 0.9 },
  'p99 of submits at 200 a second over p99 of bare commits': { measures: 'time', atMost: 2, wish: 1.5 },
  '150 MB: delivery over bare uploads': { measures: 'time', atLeast: 0.4, wish: 0.6 },
  '150 MB: intake over bare inserts': { measures: 'time', atLeast: 0.7, wish: 0.9 },
  'MB above idle: one file of 150 MB': { measures: 'size', atMost: 32, wish: null },
  'MB above idle: ten files of 35 MB': { measures: 'size', atMost: 64, wish: null },
  'memory under load over idle': { measures: 'size', atMost: 1.4, wish: null },
} as const satisfies Readonly<Record<string, Target>>

export type TargetName = keyof typeof TARGETS

/** How a bench ended that had figures to judge. */
export interface Result {
  readonly noted: number
  /** The lines of figures that miss what they must reach. */
  readonly missed: readonly string[]
  /** What reaches what it must, and misses what is wished for. */
  readonly missedWishes: readonly string[]
  /** The lines of figures that say nothing, and so reach nothing. */
  readonly unjudged: readonly string[]
}

export interface Scoreboard {
  /** Prints whether a figure reaches its target. A target may have several figures, which `of` tells apart. */
  note(name: TargetName, figure: number, of?: string): void
  /** Prints that a figure cannot be judged, and why. */
  giveUp(name: TargetName, reason: string, of?: string): void
  result(): Result
}

export function createScoreboard(print: (line: string) => void): Scoreboard {
  const missed: string[] = []
  const missedWishes: string[] = []
  const unjudged: string[] = []
  let noted = 0
  return {
    note(name, figure, of) {
      const target: Target = TARGETS[name]
      const isAtLeast = target.atLeast !== undefined
      const must = isAtLeast ? target.atLeast : target.atMost
      // Not a number misses both.
      const reaches = (bound: number) => (isAtLeast ? figure >= bound : figure <= bound)
      const verdict = (bound: number) => (reaches(bound) ? 'reached' : 'missed')
      const shown = shownBeside(figure, target.wish === null ? [must] : [must, target.wish])
      const line = `${titleOf(name, of)}: ${shown}, must be ${isAtLeast ? 'at least' : 'at most'} ${must}`
      const wish = target.wish === null ? '' : `; wish ${target.wish}: ${verdict(target.wish)}`
      print(`  target: ${line}: ${verdict(must)}${wish}`)
      noted += 1
      if (!reaches(must)) missed.push(line)
      else if (target.wish !== null && !reaches(target.wish)) missedWishes.push(titleOf(name, of))
    },
    giveUp(name, reason, of) {
      const line = `${titleOf(name, of)}: ${reason}`
      print(`  target: not judged: ${line}`)
      noted += 1
      unjudged.push(line)
    },
    result: () => ({ noted, missed, missedWishes, unjudged }),
  }
}

function titleOf(name: TargetName, of: string | undefined): string {
  return of === undefined ? name : `${name} (${of})`
}

/** Returns a figure with three digits, or as many as show on which side of its bounds it is. */
export function shownBeside(figure: number, bounds: readonly number[]): number {
  const MOST_DIGITS = 17
  for (let digits = 3; digits < MOST_DIGITS; digits++) {
    const shown = Number(figure.toPrecision(digits))
    if (bounds.every((bound) => shown !== bound || figure === bound)) return shown
  }
  return figure
}

/** What is printed at the end, and whether a run that requires every target failed. */
export function summarize(
  { noted, missed, missedWishes, unjudged }: Result,
  { wasInterrupted }: { wasInterrupted: boolean },
): { readonly lines: readonly string[]; readonly hasFailed: boolean } {
  const soFar = wasInterrupted ? ' so far' : ''
  const reached = noted - missed.length - unjudged.length
  const first =
    noted === 0
      ? `Nothing that was measured${soFar} has a target.`
      : `${reached} of ${noted} figures${soFar} reach what they must.`
  return {
    lines: [
      first,
      ...missed.map((line) => `  missed: ${line}`),
      ...unjudged.map((line) => `  not judged: ${line}`),
      ...(missedWishes.length === 0 ? [] : [`  only the wish missed: ${missedWishes.join('; ')}`]),
    ],
    hasFailed: missed.length + unjudged.length > 0,
  }
}

/** Longer than this for one commit in a hundred, and a bare commit says nothing of the product that is measured by it. */
const TOO_SLOW_COMMIT_MS = 25

/** Judges the latency of submits by that of bare commits. Both are p99, in ms. */
export function judgeLatency(score: Scoreboard, submitMs: number, commitMs: number): void {
  const name = 'p99 of submits at 200 a second over p99 of bare commits'
  if (commitMs <= TOO_SLOW_COMMIT_MS) score.note(name, submitMs / commitMs)
  else
    score.giveUp(
      name,
      `the disk is too slow, since one bare commit in a hundred took ${commitMs.toFixed(0)} ms and longer`,
    )
}

/** With more, other programs set rates and times beside the product. */
const MOST_OF_OTHERS = 0.1

/** Gives up figures of time on a machine that is too busy. `shareOfOthers` is null where nobody knows how busy it is. */
export function judgeUnlessBusy(score: Scoreboard, shareOfOthers: () => number | null): Scoreboard {
  return {
    ...score,
    note(name, figure, of) {
      const share = shareOfOthers() ?? 0
      if (share <= MOST_OF_OTHERS || TARGETS[name].measures === 'size') score.note(name, figure, of)
      else score.giveUp(name, `${shownBeside(figure, [])}, while ${describeOthers(share)}`, of)
    },
  }
}

export function describeOthers(share: number): string {
  return `other programs took ${Math.round(100 * share)} % of the processors`
}
