import type pg from 'pg'

/** Breaks a connection off at once, so that whatever waits on it fails. pg keeps its socket to itself. */
export function breakConnection(client: pg.ClientBase, error?: Error): void {
  const { connection } = client as unknown as { readonly connection: pg.Connection }
  connection.stream.destroy(error)
}
