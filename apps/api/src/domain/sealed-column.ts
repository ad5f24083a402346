/** A column of sealed values, and the record that each value is bound to. */
export interface SealedColumn {
  readonly table: string
  readonly column: string
  readonly key: string
  /** SQL for the record that a value is bound to. */
  readonly record: string
  readonly purpose: string
  /** Whether the heads of the values are indexed, because the table may be large. */
  readonly indexed: boolean
}

/** A column of sealed values, and the statements that give up those of them that no longer open. */
export interface ForgettableColumn extends SealedColumn {
  /**
   * Each runs in a transaction of its own, repeatedly until it finds nothing, and returns the `tenant_id` of each row
   * it gave up. $1 keys of rows, $2 the values that do not open, $3 now; see `LOST_VALUES`
   */
  readonly forget: readonly string[]
}

/** The parameters of a `forget` statement as a relation: key, value, and `at`, which is now. */
export const LOST_VALUES = 'SELECT *, $3::timestamptz AS at FROM unnest($1::text[], $2::text[]) AS l(key, value)'
