import { describe, expect, it } from 'vitest'
import { firstSentence, plainText } from './plain-text.ts'

describe('plainText', () => {
  it('leaves one line without control or direction characters', () => {
    expect(plainText('  a\r\n\tb\u0000c\u202Ed\u2028e  ', 100)).toBe('a b c d e')
  })

  it('leaves a text that fits as it is', () => {
    expect(plainText('Jürgen Müller, 日本', 100)).toBe('Jürgen Müller, 日本')
  })

  it('is never longer than the bound', () => {
    expect(plainText('x'.repeat(1_000), 10)).toBe(`${'x'.repeat(9)}…`)
  })

  it('does not cut a character in half', () => {
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

  it('stops before Microsoft’s trace lines, whether on lines of their own or not', () => {
    expect(firstSentence('It failed Trace ID: 1 Correlation ID: 2', 100)).toBe('It failed')
    expect(firstSentence('It failed\r\nTrace ID: 1\r\nCorrelation ID: 2', 100)).toBe('It failed')
  })
})
