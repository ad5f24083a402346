import { type MessageFormatElement, parse, TYPE } from '@formatjs/icu-messageformat-parser'

/** The values that a text of the catalogue needs, and its elements such as `<link>`, each once. */
export function namesIn(text: string): string[] {
  const names = new Set<string>()
  function collect(elements: readonly MessageFormatElement[]): void {
    for (const element of elements) {
      if (element.type === TYPE.literal || element.type === TYPE.pound) continue
      names.add(element.type === TYPE.tag ? `<${element.value}>` : element.value)
      if (element.type === TYPE.tag) collect(element.children)
      if (element.type === TYPE.plural || element.type === TYPE.select) {
        for (const { value } of Object.values(element.options)) collect(value)
      }
    }
  }
  collect(parse(text))
  return [...names].sort()
}
