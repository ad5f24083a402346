/**
 * Round robin over many owners: by id, with those whose last piece failed at the end, so that none blocks the rest.
 */
export interface Turns {
  /** Whose turn was last; null at the start. */
  last: string | null
  readonly failed: Set<string>
}

export function createTurns(): Turns {
  return { last: null, failed: new Set() }
}

/**
 * SQL that sorts by whose turn it is. $1 whose turn was last, or null, $2 whose piece failed
 *
 * @param id a column, with its table: a name alone may be that of a result, with another type
 */
export function inTurn(id: string, type: 'text' | 'bigint'): string {
  return `${id} = ANY ($2::${type}[]), ${id} <= $1::${type}, ${id}`
}
