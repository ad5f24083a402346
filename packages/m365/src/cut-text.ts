/** Cuts a text to `maxCharacters` UTF-16 units, but never leaves half of a surrogate pair. */
export function cutText(text: string, maxCharacters: number): string {
  return text.length <= maxCharacters ? text : text.slice(0, maxCharacters).replace(/[\uD800-\uDBFF]$/, '')
}
