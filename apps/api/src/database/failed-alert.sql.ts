/** How many causes an alert tells apart. Microsoft may answer with any code. */
const MAX_CAUSES = 20

/**
 * Why a message failed: Microsoft's code, else that of the problem. An index of messages has the same expression.
 *
 * @param problem SQL for JSON
 */
export function causeOf(problem: string): string {
  return `left(coalesce(${problem} ->> 'microsoftCode', ${problem} ->> 'code', 'unknown'), 100)`
}

/**
 * Adds up how many messages failed for each cause; an object by code, which keeps only the most frequent ones.
 *
 * @param causes a query of rows with `code` and `messages`
 */
export function sumCauses(causes: string): string {
  return `
  SELECT coalesce(jsonb_object_agg(code, messages), '{}') FROM (
    SELECT code, sum(messages)::bigint AS messages FROM (${causes}) AS each
     GROUP BY code HAVING sum(messages) > 0 ORDER BY 2 DESC, 1 LIMIT ${MAX_CAUSES}) AS summed`
}

/** The causes of a stored alert as such rows. Those that an older version raised have none. @param facts its column */
export function causesIn(facts: string): string {
  return counted(facts, 'causes')
}

/** The causes of those of its messages that were retried since: they no longer count. */
export function retriedCausesIn(facts: string): string {
  return counted(facts, 'retriedCauses')
}

function counted(facts: string, name: 'causes' | 'retriedCauses'): string {
  return `SELECT key AS code, value::bigint AS messages FROM jsonb_each_text(${facts} -> '${name}')`
}

/** How many messages of a stored alert were retried since. */
export function retriedIn(facts: string): string {
  return `coalesce((${facts} ->> 'retried')::int, 0)`
}

/** The key of the alert about what failed at a time. */
function keyOf(time: string): string {
  return `'message.failed ' || floor(extract(epoch FROM ${time}) / 60)`
}

/** An id made of what no other alert is raised for. */
function idOf(text: string): string {
  return `'alt_' || left(encode(sha256(convert_to(${text}, 'UTF8')), 'hex'), 32)`
}

/**
 * Raises the alert of failed messages in the statement that fails them: one a minute for each tenant, with their count by
 * cause and when the first of them failed, published once the minute is over. Its id follows from a message that no other
 * statement fails in that minute.
 *
 * @param ended the name of rows of messages as they are from now on; those that have not failed raise nothing
 */
export function raiseFailed(ended: string): string {
  return `
  INSERT INTO alert_events (id, tenant_id, type, at, facts, count, dedupe_key, publish_at)
  SELECT ${idOf(`min(f.id) || ' ' || ${keyOf('mail_now()')}`)}, f.tenant_id, 'message.failed', mail_now(),
         jsonb_build_object('since', min(f.ended_at), 'causes', (${sumCauses(`SELECT ${causeOf('c.problem')} AS code, 1 AS messages FROM ${ended} c WHERE c.tenant_id = f.tenant_id AND c.outcome = 'failed'`)})),
         count(*), ${keyOf('mail_now()')}, date_bin('1 minute', mail_now(), 'epoch') + interval '65 seconds'
    FROM ${ended} f WHERE f.outcome = 'failed'
   GROUP BY f.tenant_id
   ORDER BY f.tenant_id
  ON CONFLICT (tenant_id, dedupe_key) DO UPDATE
    SET count = alert_events.count + excluded.count, at = excluded.at, dismissed_at = NULL,
        facts = alert_events.facts || jsonb_build_object(
          'since', least((alert_events.facts ->> 'since')::timestamptz, (excluded.facts ->> 'since')::timestamptz),
          'causes', (${sumCauses(`${causesIn('alert_events.facts')} UNION ALL ${causesIn('excluded.facts')}`)}))`
}

/**
 * Notes in the alerts of failed messages which of them are retried, in the statement that does it: one that fails again is
 * in the notice once. Their count stays, since webhooks are told it as it was.
 *
 * @param retried the name of rows of messages of the tenant as they were
 */
export function noteRetried(retried: string, tenant: string): string {
  const alertOf = (time: string, id: string) =>
    `(SELECT ${id} FROM alert_events a WHERE a.tenant_id = ${tenant} AND a.dedupe_key = ${keyOf(time)})`
  // A failure is stored a little after it happened, maybe in the next minute.
  return `
  WITH told AS MATERIALIZED (
    SELECT ${causeOf('r.problem')} AS code, coalesce(${alertOf('r.ended_at', 'CASE WHEN a.at >= r.ended_at THEN a.id END')},
                                     ${alertOf(`r.ended_at + interval '1 minute'`, 'a.id')}) AS alert_id
      FROM ${retried} r
  )
  UPDATE alert_events a
     SET facts = a.facts || jsonb_build_object(
           'retried', ${retriedIn('a.facts')} + (SELECT count(*) FROM told WHERE alert_id = a.id),
           'retriedCauses', (${sumCauses(`${retriedCausesIn('a.facts')} UNION ALL SELECT code, 1 FROM told WHERE alert_id = a.id`)}))
   WHERE a.id = ANY (ARRAY(SELECT alert_id FROM told))`
}
