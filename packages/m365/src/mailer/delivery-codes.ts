/** Exchange Online only says with these that another server refused: the reason is in that server's own words. */
const OF_ANOTHER_SERVER: ReadonlySet<string | null> = new Set(['5.0.350', '5.7.350'])

/**
 * Reads the code of a failed delivery, the number alone; null where there is none. Where Exchange Online only passes on
 * what another server said, it is the innermost code of that.
 *
 * @param text the words of the report, such as `550 5.0.350 Remote server returned an error -> 550 5.1.1 unknown`
 * @param status the code of the report itself, where it has one
 */
export function readDeliveryCode(text: string, status: string | null = null): string | null {
  const outer = codesIn(status ?? '')[0] ?? codesIn(text)[0] ?? null
  if (!OF_ANOTHER_SERVER.has(outer)) return isVague(outer) ? (codesIn(text)[0] ?? outer) : outer
  const said = text.split('->')
  const innermost = said.length > 1 ? codesIn(said.at(-1) ?? '')[0] : undefined
  return innermost ?? codesIn(text).findLast((code) => !OF_ANOTHER_SERVER.has(code)) ?? outer
}

/** `5.0.0` says no more than that it failed. */
function isVague(code: string | null): boolean {
  return code === null || code.endsWith('.0.0')
}

const MAX_TEXT_CHARACTERS = 4_000

/** The codes of failures in a text; an IP address or a version is none. */
function codesIn(text: string): string[] {
  const found = text.slice(0, MAX_TEXT_CHARACTERS).matchAll(/(?<![\w.])[45]\.\d{1,3}\.\d{1,3}(?![\w]|\.\d)/g)
  return [...found].map(([code]) => code)
}
