/**
 * Numbers what a statement names, as `:subject`, after its other parameters. What people wrote is never part of a statement,
 * since PostgreSQL logs those that fail or take long.
 *
 * @throws where a name has no value
 */
export function withNamed(
  sql: string,
  named: Readonly<Record<string, unknown>>,
  ...others: readonly unknown[]
): [text: string, values: unknown[]] {
  const values = [...others]
  const numbers = new Map<string, number>()
  const text = sql.replaceAll(/(?<!:):([a-z]\w*)/gi, (_, name: string) => {
    if (!(name in named)) throw new Error(`The statement names ${name}, which has no value.`)
    const number = numbers.get(name) ?? values.push(named[name])
    numbers.set(name, number)
    return `$${number}`
  })
  return [text, values]
}
