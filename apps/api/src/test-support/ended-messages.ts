import pg from 'pg'

type Database = Pick<pg.Pool | pg.Client, 'query'>

export interface EndedMessages {
  readonly tenantId: string
  /** The number of the first; 0 is the newest. */
  readonly from: number
  readonly count: number
  /** When number 0 was submitted and sent. */
  readonly newestAt: Date
  /** How much earlier each further one was. */
  readonly secondsApart: number
  /** Whether of each hundred two have failed, and one was cancelled. */
  readonly someUnsent: boolean
}

/** Writes messages that have ended into the database: as many as a test needs, without sending them. */
export async function writeEndedMessages(database: Database, messages: EndedMessages): Promise<void> {
  const { tenantId, from, count, newestAt, secondsApart, someUnsent } = messages
  await database.query(
    `WITH numbered AS (
       SELECT n, $4::timestamptz - n * $6::float8 * interval '1 second' AS at,
              CASE WHEN $5 AND n % 50 = 1 THEN 'failed' WHEN $5 AND n % 100 = 2 THEN 'cancelled' ELSE 'sent' END AS outcome
         FROM generate_series($2::int, $2::int + $3::int - 1) AS n
     ), ended AS (
       INSERT INTO messages (id, tenant_id, service, outcome, from_email, "to", subject, reference, created_at, sent_at, failed_at, cancelled_at, ended_at,
                             open_bytes, possible_duplicate, problem)
       SELECT 'msg_' || lpad(to_hex(trunc(extract(epoch FROM at) * 1000)::bigint), 12, '0') || left(md5('seeded ' || n), 20), $1, 'load-' || n % 5, outcome, 'reports@contoso.com',
              jsonb_build_array(
                jsonb_build_object('address', (ARRAY['anna','bernd','carla','dieter','eva'])[1 + n % 5] || '.berg' || n % 7 || '@contoso.com',
                                   'name', (ARRAY['Anna','Bernd','Carla','Dieter','Eva'])[1 + n % 5] || ' Berg'),
                jsonb_build_object('address', 'person-' || n || '@fabrikam.com')),
              CASE n % 3 WHEN 0 THEN 'Monthly report ' || n % 12 WHEN 1 THEN 'Sales report on region ' || n % 100 || ' for ' || md5(n::text)
                         ELSE 'Alert ' || n || ': threshold exceeded' END,
              'INV-' || lpad(n::text, 7, '0'), at, CASE outcome WHEN 'sent' THEN at END, CASE outcome WHEN 'failed' THEN at END, CASE outcome WHEN 'cancelled' THEN at END, at, 200, n % 1000 = 3,
              CASE outcome WHEN 'failed' THEN '{"code": "recipient-refused", "title": "", "detail": "", "microsoftCode": "ErrorInvalidRecipients", "requestId": null}'::jsonb END
         FROM numbered
       RETURNING id, tenant_id, created_at
     )
     INSERT INTO message_texts (message_id, tenant_id, created_at) SELECT id, tenant_id, created_at FROM ended`,
    [tenantId, from, count, newestAt, someUnsent, secondsApart],
  )
}

/** Writes sent messages into the database of a running product. Returns what removes them again. */
export async function addSentMessages(
  databaseUrl: string,
  messages: Pick<EndedMessages, 'count' | 'newestAt' | 'secondsApart'>,
): Promise<() => Promise<void>> {
  const database = new pg.Client({ connectionString: databaseUrl })
  await database.connect()
  const { rows } = await database.query<{ id: string }>('SELECT id FROM tenants')
  for (const { id: tenantId } of rows)
    await writeEndedMessages(database, { ...messages, tenantId, from: 0, someUnsent: false })
  await database.query('ANALYZE messages')
  return async () => {
    await database.query(
      `WITH gone AS (DELETE FROM messages WHERE service LIKE 'load-%' RETURNING id) DELETE FROM message_texts WHERE message_id IN (SELECT id FROM gone)`,
    )
    await database.end()
  }
}
