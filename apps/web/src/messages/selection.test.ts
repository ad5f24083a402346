import type { MessageSummary } from '@inforiver-mail/contract/message'
import { expect, it } from 'vitest'
import { exampleSummary } from '../test-support/examples.ts'
import { extendSelection, MAX_SELECTED, type Selection, toggleSelection } from './selection.ts'

const rows = Array.from({ length: 300 }, (_, number) =>
  exampleSummary({ id: `msg_${String(number).padStart(32, '0')}` }),
)
const row = (number: number) => rows[number] as MessageSummary
const numbers = (selection: Selection) => [...selection.keys()].map((id) => Number(id.slice(4)))
const NONE: Selection = new Map()

it('selects a row, and removes it again', () => {
  const one = toggleSelection(NONE, row(1))

  expect(numbers(one)).toEqual([1])
  expect(numbers(toggleSelection(one, row(1)))).toEqual([])
})

it('adds all rows of a range in either direction, and continues from its end', () => {
  expect(numbers(extendSelection(NONE, rows, row(2), row(4)))).toEqual([2, 3, 4])
  expect(numbers(extendSelection(toggleSelection(NONE, row(9)), rows, row(4), row(2)))).toEqual([9, 4, 3, 2])
})

it('selects no more than can be changed one by one', () => {
  expect(extendSelection(NONE, rows, row(0), row(299)).size).toBe(MAX_SELECTED)
})
