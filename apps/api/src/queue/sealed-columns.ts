import type { SealedColumn } from '../domain/sealed-column.ts'

/** The columns in which the queue stores values sealed by the vault. */
export const QUEUE_SEALED_COLUMNS = {
  dataKey: {
    table: 'data_keys',
    column: 'key_sealed',
    key: 'id',
    record: 'id',
    purpose: 'data-key',
    indexed: false,
  },
  /** Set only for messages that version 1.0.0 stored. */
  contentKey: {
    table: 'message_contents',
    column: 'key_sealed',
    key: 'message_id',
    record: 'message_id',
    purpose: 'content-key',
    indexed: true,
  },
  uploadUrl: {
    table: 'message_drafts',
    column: 'upload_url_sealed',
    key: 'message_id',
    record: 'message_id',
    purpose: 'upload-url',
    indexed: true,
  },
} as const satisfies Record<string, SealedColumn>
