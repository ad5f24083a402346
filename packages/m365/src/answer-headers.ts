/** The headers of an answer. `Headers` would copy and check each, which takes as long as sealing a token. */
export interface AnswerHeaders extends Iterable<[string, string]> {
  get(name: string): string | null
}

/** @param headers by their names in lower case, as undici has them */
export function createAnswerHeaders(headers: Readonly<Record<string, string | string[] | undefined>>): AnswerHeaders {
  const get = (name: string) => {
    const value = headers[name.toLowerCase()]
    return value === undefined ? null : Array.isArray(value) ? value.join(', ') : value
  }
  return {
    get,
    *[Symbol.iterator]() {
      for (const name of Object.keys(headers)) yield [name, get(name) ?? '']
    },
  }
}
