import { VERSION } from '../../runtime/version.ts'

/** The first migration. It makes the schema of version 1.5, and is taken as applied where that version has made it. */
export const BASELINE = '20261201000000_baseline'

/** The migrations of version 1.5, by which its databases and backups are known. */
export const MIGRATIONS_OF_1_5: readonly string[] = [
  '20261124000000_init',
  '20261124120000_queue',
  '20261124190000_large_attachments',
  '20261124200000_vault',
  '20261124210000_alerts',
  '20261124220000_audit',
  '20261124230000_token_age',
  '20261124233000_claims',
  '20261124234000_refresh_pause',
  '20261125000000_trouble',
  '20261125010000_hosts',
  '20261126100000_attempts',
  '20261126160000_tenant_storage',
  '20261126190000_request_limits',
  '20261126200000_open_bytes',
  '20261126210000_queue_tables',
  '20261126220000_shorter_indexes',
  '20261126230000_failure_counts',
  '20261126235500_upload_origin',
  '20261126235900_traceparent',
  '20261127010000_message_fields',
  '20261127010001_batch_keys',
  '20261127020000_turns',
  '20261127030000_search_index',
  '20261127030100_bulk_changes',
  '20261127030200_late_messages_in_order',
  '20261127040000_message_events',
  '20261127050000_recipients_policy',
  '20261127100000_recipient_outcomes',
  '20261127100100_message_trace',
  '20261127100150_messages_in_doubt',
  '20261127110000_bounces',
  '20261127110100_report_inboxes',
  '20261127120000_delivery_report_consents',
  '20261127130000_outcome_counts',
  '20261127130100_bounced_counts',
  '20261127139000_own_domains_optional',
  '20261127140000_values',
  '20261127150000_sessions',
  '20261127160000_reports_end_with_the_connection',
  '20261127171000_ages_apart',
  '20261127172000_totals_newest_first',
  '20261127180000_totals_locked_by_one_plan',
  '20261127190000_counted_at_once',
  '20261127191000_sent_counted_at_once',
  '20261128090000_index_entries_of_chunks',
  '20261128091500_scheduled_by_tenant',
  '20261128114500_codes_of_failures',
  '20261128140000_few_reported',
  '20261129090000_refusals_in_place_of_microsoft',
  '20261129110000_proofs_under_lease',
  '20261129120000_refused_mailboxes',
  '20261201200000_storage_of_services',
  '20261201210000_refused_tokens',
  '20261201220000_gateway_answers',
]

/** Whether these migrations, and none of ours, have made a database or what is in a backup. */
export function isBefore2(applied: Iterable<string>): boolean {
  const names = new Set(applied)
  return names.size > 0 && !names.has(BASELINE)
}

/**
 * Explains why data that these migrations have made are too old to be used; null when they are not.
 *
 * @param what the database, or the path of a backup
 */
export function olderFault(what: string, applied: Iterable<string>): string | null {
  const names = new Set(applied)
  return !isBefore2(names) || MIGRATIONS_OF_1_5.every((name) => names.has(name)) ? null : tooOld(what)
}

export function tooOld(what: string): string {
  return `${what} holds data from before version 1.5.0, or of a 1.5 that has not finished its migrations. Inforiver Mail ${VERSION} takes data of 1.5 alone: bring them to 1.5 first, by starting that version on them.`
}
