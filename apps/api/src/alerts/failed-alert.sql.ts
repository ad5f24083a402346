/** How many causes an alert tells apart. Microsoft may answer with any code. */
const MAX_CAUSES = 20

/**
 * Adds up how many messages failed for each cause; an object by code, without all but the most frequent ones.
 *
 * @param causes a query of rows with `code` and `messages`
 */
export function sumCauses(causes: string): string {
  return `
  SELECT coalesce(jsonb_object_agg(code, messages), '{}') FROM (
    SELECT code, sum(messages)::bigint AS messages FROM (${causes}) AS each
     GROUP BY code ORDER BY 2 DESC, 1 LIMIT ${MAX_CAUSES}) AS summed`
}

/** The causes of a stored alert as such rows. Those that an older version raised have none. @param facts its column */
export function causesIn(facts: string): string {
  return `SELECT key AS code, value::bigint AS messages FROM jsonb_each_text(${facts} -> 'causes')`
}

/**
 * Raises the alert of failed messages in the statement that fails them: one a minute for each tenant, with their count by
 * cause and when the first of them failed, published once the minute is over.
 *
 * @param failed the name of a relation with a row of `tenant_id`, `cause` and `ended_at` for each message
 */
export function raiseFailed(failed: string): string {
  return `
  INSERT INTO alert_events (id, tenant_id, type, at, facts, count, dedupe_key, publish_at)
  SELECT 'alt_' || replace(gen_random_uuid()::text, '-', ''), f.tenant_id, 'message.failed', mail_now(),
         jsonb_build_object('since', min(f.ended_at), 'causes', (${sumCauses(`SELECT c.cause AS code, 1 AS messages FROM ${failed} c WHERE c.tenant_id = f.tenant_id`)})),
         count(*), 'message.failed ' || floor(extract(epoch FROM mail_now()) / 60), date_bin('1 minute', mail_now(), 'epoch') + interval '65 seconds'
    FROM ${failed} f
   GROUP BY f.tenant_id
   ORDER BY f.tenant_id
  ON CONFLICT (tenant_id, dedupe_key) DO UPDATE
    SET count = alert_events.count + excluded.count, at = excluded.at, dismissed_at = NULL,
        facts = alert_events.facts || jsonb_build_object(
          'since', least((alert_events.facts ->> 'since')::timestamptz, (excluded.facts ->> 'since')::timestamptz),
          'causes', (${sumCauses(`${causesIn('alert_events.facts')} UNION ALL ${causesIn('excluded.facts')}`)}))`
}
