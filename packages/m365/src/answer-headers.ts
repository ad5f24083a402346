/** The headers of an answer. `Headers` would copy and check each, which takes as long as sealing a token. */
export interface AnswerHeaders extends Iterable<[string, string]> {
  get(name: string): string | null
}

/** Headers by their names in lower case, as undici has them. */
export class ReceivedHeaders implements AnswerHeaders {
  private readonly received: Readonly<Record<string, string | string[] | undefined>>

  constructor(received: Readonly<Record<string, string | string[] | undefined>>) {
    this.received = received
  }

  get(name: string): string | null {
    const value = this.received[name.toLowerCase()]
    return value === undefined ? null : Array.isArray(value) ? value.join(', ') : value
  }

  *[Symbol.iterator](): Generator<[string, string]> {
    for (const name of Object.keys(this.received)) yield [name, this.get(name) ?? '']
  }
}
