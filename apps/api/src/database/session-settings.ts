import type pg from 'pg'

/** Lets work take as long as it takes: a limit of the server, the role or the address would cancel it. */
export const NO_TIME_LIMITS = {
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  transaction_timeout: '0', // PostgreSQL 17 and newer
} as const

/** Sets those that the version of PostgreSQL knows, until the connection ends. A backslash in a string is one with all of them. */
export async function applySettings(client: pg.ClientBase, settings: Readonly<Record<string, string>>): Promise<void> {
  const all = { standard_conforming_strings: 'on', ...settings }
  await client.query(
    'SELECT set_config(name, value, false) FROM unnest($1::text[], $2::text[]) AS s(name, value) WHERE EXISTS (SELECT FROM pg_settings p WHERE lower(p.name) = lower(s.name))',
    [Object.keys(all), Object.values(all)],
  )
}
