/**
 * Raises the alert of failed messages in the statement that fails them: one a minute for each tenant, with their count,
 * published once the minute is over.
 *
 * @param failed the name of a relation with a row of `tenant_id` for each message
 */
export function raiseFailed(failed: string): string {
  return `
  INSERT INTO alert_events (id, tenant_id, type, at, facts, count, dedupe_key, publish_at)
  SELECT 'alt_' || replace(gen_random_uuid()::text, '-', ''), f.tenant_id, 'message.failed', mail_now(), '{}', count(*),
         'message.failed ' || floor(extract(epoch FROM mail_now()) / 60), date_bin('1 minute', mail_now(), 'epoch') + interval '65 seconds'
    FROM ${failed} f
   GROUP BY f.tenant_id
   ORDER BY f.tenant_id
  ON CONFLICT (tenant_id, dedupe_key) DO UPDATE
    SET count = alert_events.count + excluded.count, at = excluded.at, dismissed_at = NULL`
}
