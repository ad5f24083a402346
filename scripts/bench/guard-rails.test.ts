import { expect, it } from 'vitest'
import { createScoreboard } from './guard-rails.ts'

const DRAIN = 'drain over graphile-worker'
const LARGE = 'MB above idle, one file of 150 MB'
const MEMORY = 'MB of memory ten minutes after a start'

function scoreOn(shareOfOthers: number | null) {
  const lines: string[] = []
  return {
    score: createScoreboard(
      (line) => lines.push(line),
      () => shareOfOthers,
    ),
    lines,
  }
}

it('says of each figure whether it reaches what it must, and tells a goal from that', () => {
  const { score, lines } = scoreOn(null)
  score.note(DRAIN, 0.6)
  score.note(DRAIN, 0.599)
  score.note(LARGE, 32)
  score.note(LARGE, 33, 'idle 200 MB')
  score.note(LARGE, Number.NaN)
  score.note(MEMORY, 170)
  expect(lines).toEqual([
    '  reached: drain over graphile-worker: 0.6, must be at least 0.6',
    '  missed: drain over graphile-worker: 0.599, must be at least 0.6',
    '  reached: MB above idle, one file of 150 MB: 32, must be at most 32',
    '  missed: MB above idle, one file of 150 MB (idle 200 MB): 33, must be at most 32',
    '  missed: MB above idle, one file of 150 MB: NaN, must be at most 32',
    '  missed: MB of memory ten minutes after a start: 170, the goal is at most 150',
  ])
  expect(score.counts()).toEqual({ reached: 2, missed: 3, missedGoals: 1, notJudged: 0 })
})

it('judges no time on a machine that is busy otherwise, but size, and nothing that could not be measured', () => {
  const { score, lines } = scoreOn(0.344)
  score.note(DRAIN, 0.9)
  score.note(LARGE, 20)
  score.giveUp(MEMORY, 'there is no release')
  expect(lines).toEqual([
    '  not judged: drain over graphile-worker: 0.9, while other programs took 34 % of the processors',
    '  reached: MB above idle, one file of 150 MB: 20, must be at most 32',
    '  not judged: MB of memory ten minutes after a start: there is no release',
  ])
  expect(score.counts()).toEqual({ reached: 1, missed: 0, missedGoals: 0, notJudged: 2 })
})
