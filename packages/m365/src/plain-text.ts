import { cutText } from './cut-text.ts'

/**
 * Makes untrusted text safe to show: one line, no control or invisible characters, bounded.
 * `maxCharacters` counts UTF-16 units; a cut text ends in an ellipsis within that bound.
 */
export function plainText(text: string, maxCharacters: number): string {
  const line = text
    .slice(0, maxCharacters * 4)
    .replace(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim()
  if (line.length <= maxCharacters) return line
  return `${cutText(line, maxCharacters - 1).trimEnd()}…`
}

/** Makes the first sentence of an untrusted text safe to show. */
export function firstSentence(text: string, maxCharacters: number): string {
  const [line = ''] = text.split(/[\r\n]|Trace ID:|Correlation ID:/)
  const [sentence = ''] = line.trim().split(/(?<=[.!?])\s/)
  return plainText(sentence, maxCharacters)
}
