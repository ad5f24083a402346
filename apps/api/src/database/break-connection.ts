import type pg from 'pg'

/** Breaks a connection at once, so that pending statements fail. pg does not expose its socket. */
export function breakConnection(client: pg.ClientBase, error?: Error): void {
  const { connection } = client as unknown as { readonly connection: pg.Connection }
  connection.stream.destroy(error)
}
