/** Begins a text with a capital letter, as the beginning of a line does. */
export function sentenceCase(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
