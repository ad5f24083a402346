import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { createScoreboard, TARGETS, type Target } from './targets.ts'

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
      'drain over graphile-worker: 0.699, must be at least 0.7: missed',
      'WAL of a mail over 7.4 kB (eight mailboxes): 0.801, must be at most 0.8: missed',
    ],
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
