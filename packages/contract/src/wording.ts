import type { Values } from './values.ts'

/**
 * The sentences of a language by name. A problem names those that it consists of in its values: `title` one, `detail`
 * and `action` lists of them; its other values are filled in.
 */
export type Sentences = Readonly<Record<string, string>>

export interface WordedText {
  readonly title: string
  readonly detail: string
  readonly action: string
}

/** Stands for no sentence: the value `microsoftCode` goes into the sentence before it. */
export const CODE = 'code'

/**
 * Words `title`, `detail` and `action` as far as the values name them.
 *
 * @param sentence returns a sentence, filled in; null where it is not known, as one of a newer version
 * @returns null if a sentence is not known
 */
export function wordValues(values: Values, sentence: (name: string) => string | null): Partial<WordedText> | null {
  const title = typeof values['title'] === 'string' ? sentence(values['title']) : undefined
  const detail = wordList(values, 'detail', sentence)
  const action = wordList(values, 'action', sentence)
  if (title === null || detail === null || action === null) return null
  return {
    ...(title !== undefined && { title }),
    ...(detail !== undefined && { detail }),
    ...(action !== undefined && { action }),
  }
}

function wordList(values: Values, part: string, sentence: (name: string) => string | null): string | null | undefined {
  const names = values[part]
  if (!Array.isArray(names)) return undefined
  const worded: string[] = []
  for (const name of names) {
    const next = name === CODE ? withCode(worded.pop() ?? '', String(values['microsoftCode'] ?? '')) : sentence(name)
    if (next === null) return null
    worded.push(next)
  }
  return worded.join(' ')
}

/** Inserts a code before the full stop of a sentence, or appends it when the sentence ends with a quotation. */
export function withCode(sentence: string, code: string): string {
  return `${sentence.replace(/\.$/, '')} (${code})${sentence.endsWith('.') ? '.' : ''}`
}

/** Replaces `{name}` by the value of that name; a list is joined by commas, unless it lists sentences. */
export function fillIn(template: string, values: Values): string {
  return template.replace(/\{(\w+)\}/g, (_placeholder, name: string) => {
    const value = values[name]
    if (!Array.isArray(value)) return String(value ?? 'unknown')
    return value.join(value.every((item) => item.endsWith('.')) ? ' ' : ', ')
  })
}
