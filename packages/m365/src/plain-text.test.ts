import { describe, expect, it } from 'vitest'
import { firstSentence, plainText } from './plain-text.ts'

describe('plainText', () => {
  it('returns one line without control or direction characters', () => {
    expect(plainText('  a\r\n\tb\u0000c\u202Ed\u2028e  ', 100)).toBe('a b c d e')
  })

  it('never exceeds the bound', () => {
    expect(plainText('x'.repeat(1_000), 10)).toBe(`${'x'.repeat(9)}…`)
  })

  it('does not split a surrogate pair', () => {
    expect(plainText('ab😀😀', 4)).toBe('ab…')
  })
})

describe('firstSentence', () => {
  it('stops at the end of the first sentence', () => {
    expect(firstSentence('The first one. The second one.', 100)).toBe('The first one.')
  })

  it('does not end a sentence at a dot inside a word', () => {
    expect(firstSentence('Permission Mail.Send is missing. Ask.', 100)).toBe('Permission Mail.Send is missing.')
  })

  it('stops before Microsoft’s trace ids, on the same line or on their own', () => {
    expect(firstSentence('It failed Trace ID: 1 Correlation ID: 2', 100)).toBe('It failed')
    expect(firstSentence('It failed\r\nTrace ID: 1\r\nCorrelation ID: 2', 100)).toBe('It failed')
  })
})
