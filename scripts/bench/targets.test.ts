import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import {
  createScoreboard,
  describeOthers,
  judgeLatency,
  judgeUnlessBusy,
  shownBeside,
  summarize,
  TARGETS,
  type Target,
} from './targets.ts'

it('tells a figure that reaches what it must from one that misses it, in either direction', () => {
  const lines: string[] = []
  const score = createScoreboard((line) => lines.push(line.trim()))
  score.note('drain over graphile-worker', 0.7)
  score.note('drain over graphile-worker', 0.699)
  score.note('WAL of a mail over 7.4 kB', 0.8)
  score.note('WAL of a mail over 7.4 kB', 0.801, 'eight mailboxes')
  score.note('MB above idle: one file of 150 MB', 31)
  expect(lines).toEqual([
    'target: drain over graphile-worker: 0.7, must be at least 0.7: reached; wish 1: missed',
    'target: drain over graphile-worker: 0.699, must be at least 0.7: missed; wish 1: missed',
    'target: WAL of a mail over 7.4 kB: 0.8, must be at most 0.8: reached; wish 0.7: missed',
    'target: WAL of a mail over 7.4 kB (eight mailboxes): 0.801, must be at most 0.8: missed; wish 0.7: missed',
    'target: MB above idle: one file of 150 MB: 31, must be at most 32: reached',
  ])
  expect(score.result()).toEqual({
    noted: 5,
    missed: [
      'drain over graphile-worker: 0.699, must be at least 0.7',
      'WAL of a mail over 7.4 kB (eight mailboxes): 0.801, must be at most 0.8',
    ],
    missedWishes: ['drain over graphile-worker', 'WAL of a mail over 7.4 kB'],
    unjudged: [],
  })
})

it('shows a figure with three digits, or with as many as tell it from what it must reach', () => {
  expect(shownBeside(0.123456, [0.5, 0.6])).toBe(0.123)
  expect(shownBeside(1.1, [1.1, 1])).toBe(1.1)
  expect(shownBeside(1.1004, [1.1, 1])).toBe(1.1004)
  expect(shownBeside(1.09996, [1.1, 1])).toBe(1.09996)
  expect(shownBeside(0.99999, [1.1, 1])).toBe(0.99999)
  expect(shownBeside(Number.NaN, [1.1])).toBeNaN()
  const lines: string[] = []
  createScoreboard((line) => lines.push(line.trim())).note('CPU of PostgreSQL for a mail, the same', 1.1004)
  expect(lines).toEqual([
    'target: CPU of PostgreSQL for a mail, the same: 1.1004, must be at most 1.1: missed; wish 1: missed',
  ])
})

it('takes a submit on a disk that is too slow for neither reached nor missed', () => {
  const lines: string[] = []
  const score = createScoreboard((line) => lines.push(line.trim()))
  judgeLatency(score, 50, 25)
  judgeLatency(score, 134, 313)
  const unjudged =
    'p99 of submits at 200 a second over p99 of bare commits: the disk is too slow, since one bare commit in a hundred took 313 ms and longer'
  expect(lines).toEqual([
    'target: p99 of submits at 200 a second over p99 of bare commits: 2, must be at most 2: reached; wish 1.5: missed',
    `target: not judged: ${unjudged}`,
  ])
  expect(summarize(score.result(), { wasInterrupted: false })).toEqual({
    lines: [
      '1 of 2 figures reach what they must.',
      `  not judged: ${unjudged}`,
      '  only the wish missed: p99 of submits at 200 a second over p99 of bare commits',
    ],
    hasFailed: true,
  })
})

it('judges no time or rate where other programs took more than a tenth of the processors, but sizes', () => {
  const lines: string[] = []
  let share: number | null = 0.1
  const score = judgeUnlessBusy(
    createScoreboard((line) => lines.push(line.trim())),
    () => share,
  )
  score.note('drain over graphile-worker', 0.8)
  share = null // where there is no /proc
  score.note('drain over graphile-worker', 0.8)
  share = 0.344
  score.note('drain over graphile-worker', 0.8)
  score.note('CPU of PostgreSQL for a mail, the same', 1.1004, 'after ANALYZE')
  score.note('memory under load over idle', 1.3)
  const unjudged = [
    'drain over graphile-worker: 0.8, while other programs took 34 % of the processors',
    'CPU of PostgreSQL for a mail, the same (after ANALYZE): 1.1, while other programs took 34 % of the processors',
  ]
  const drain = 'target: drain over graphile-worker: 0.8, must be at least 0.7: reached; wish 1: missed'
  expect(lines).toEqual([
    drain,
    drain,
    ...unjudged.map((line) => `target: not judged: ${line}`),
    'target: memory under load over idle: 1.3, must be at most 1.4: reached',
  ])
  expect(score.result()).toMatchObject({ noted: 5, missed: [], unjudged })
  expect(describeOthers(0.344)).toBe('other programs took 34 % of the processors')
})

it('sums up what has been measured, also when it is stopped, and says when nothing of that has a target', () => {
  const score = createScoreboard(() => {})
  expect(summarize(score.result(), { wasInterrupted: false })).toEqual({
    lines: ['Nothing that was measured has a target.'],
    hasFailed: false,
  })
  score.note('drain over graphile-worker', 1)
  expect(summarize(score.result(), { wasInterrupted: false })).toEqual({
    lines: ['1 of 1 figures reach what they must.'],
    hasFailed: false,
  })
  score.note('drain over graphile-worker', 0.5)
  score.note('drain over graphile-worker', 0.8)
  score.note('WAL of a mail over 7.4 kB', 0.75, '64 mailboxes')
  expect(summarize(score.result(), { wasInterrupted: true })).toEqual({
    lines: [
      '3 of 4 figures so far reach what they must.',
      '  missed: drain over graphile-worker: 0.5, must be at least 0.7',
      '  only the wish missed: drain over graphile-worker; WAL of a mail over 7.4 kB (64 mailboxes)',
    ],
    hasFailed: true,
  })
})

it('takes what is no number for missed', () => {
  const score = createScoreboard(() => {})
  score.note('drain over graphile-worker', Number.NaN)
  score.note('WAL of a mail over 7.4 kB', Number.NaN)
  expect(score.result().missed).toHaveLength(2)
})

it('has each target in the record of what is measured, with what must be reached and what is wished for', () => {
  const record = readFileSync(
    new URL('../../docs/decisions/0054-what-it-costs-and-how-it-grows.md', import.meta.url),
    'utf8',
  )
  const rows = record.split('\n').map((line) => line.split('|').map((cell) => cell.trim()))
  for (const [name, target] of Object.entries<Target>(TARGETS)) {
    const must = target.atLeast === undefined ? `≤ ${target.atMost}` : `≥ ${target.atLeast}`
    expect(rows.find((cells) => cells[1] === name)?.slice(4, 6)).toEqual([must, String(target.wish ?? '')])
  }
})
