/**
 * SQL to sort by, in an order that is another one each millisecond, so that none waits for ever behind others.
 *
 * @param id a column of ids
 */
export function shuffled(id: string): string {
  return `hashtextextended(${id}, (extract(epoch FROM mail_now()) * 1000)::bigint)`
}
