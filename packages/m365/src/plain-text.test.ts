import { expect, it } from 'vitest'
import { firstSentence, plainText } from './plain-text.ts'

it.each([
  ['in one line without control or direction characters', '  a\r\n\tb\u0000c\u202Ed\u2028e  ', 100, 'a b c d e'],
  ['no longer than the bound', 'x'.repeat(1_000), 10, `${'x'.repeat(9)}…`],
  ['without half a surrogate pair', 'ab😀😀', 4, 'ab…'],
])('returns a text %s', (_how, text, maxCharacters, expected) => {
  expect(plainText(text, maxCharacters)).toBe(expected)
})

it.each([
  ['the end of the first sentence', 'The first one. The second one.', 'The first one.'],
  ['no dot inside a word', 'Permission Mail.Send is missing. Ask.', 'Permission Mail.Send is missing.'],
  ['Microsoft’s trace ids on the same line', 'It failed Trace ID: 1 Correlation ID: 2', 'It failed'],
  ['Microsoft’s trace ids on lines of their own', 'It failed\r\nTrace ID: 1\r\nCorrelation ID: 2', 'It failed'],
])('ends a first sentence at %s', (_where, text, expected) => {
  expect(firstSentence(text, 100)).toBe(expected)
})
