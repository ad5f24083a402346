import { expect, it } from 'vitest'
import { listFences, withoutFence } from './fences.ts'
import { PLANTS } from './plants.ts'

it.each([
  ['a condition', 'WHERE a = $1 /* fence: one */ AND b = $2 /* end */', 'WHERE a = $1 AND ((b = $2 ) OR true)'],
  ['a lock', 'SELECT a /* fence: one */ FOR SHARE /* end */', 'SELECT a '],
  ['another', 'SELECT a /* fence: two */ FOR SHARE /* end */', 'SELECT a /* fence: two */ FOR SHARE /* end */'],
  ['a line', 'a()\n  // fence: one\n  b()\n  // end\nc()\n', 'a()\nc()\n'],
])('takes out a fence that is %s', (_what, source, without) => {
  expect(withoutFence(source, 'one').replaceAll(/ +/g, ' ')).toBe(without)
})

it('lists each fence of the product', () => {
  expect(Object.keys(PLANTS).toSorted()).toEqual(listFences())
})
