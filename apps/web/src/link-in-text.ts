export interface LinkedText {
  readonly before: string
  readonly url: string
  readonly after: string
}

/** Finds the first web address in a sentence, without the punctuation that ends it; null when there is none. */
export function linkInText(text: string): LinkedText | null {
  const match = /https?:\/\/[^\s<>"']+/i.exec(text)
  if (!match) return null
  const url = match[0].replace(/[.,;:!?)\]]+$/, '')
  if (!URL.canParse(url)) return null
  return { before: text.slice(0, match.index), url, after: text.slice(match.index + url.length) }
}
