import { expect, it } from 'vitest'
import { cutText } from './cut-text.ts'

it.each([
  ['a text that fits', 'ab', 2, 'ab'],
  ['a longer one', 'abc', 2, 'ab'],
  ['one with a pair at its end', 'a😀', 3, 'a😀'],
  ['one that would end in half a pair', 'a😀b', 2, 'a'],
])('cuts %s', (_what, text, maxCharacters, cut) => {
  expect(cutText(text, maxCharacters)).toBe(cut)
})
