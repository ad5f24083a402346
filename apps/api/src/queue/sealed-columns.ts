import type { SealedColumn } from '../database/sealed-values.ts'

/** Where version 1.0.0 stored such values, under their names at the time. A backup of its database has them. */
export const FORMER_QUEUE_SEALED_COLUMNS = [
  {
    table: 'messages',
    column: 'content_key_sealed',
    key: 'id',
    record: 'id',
    purpose: 'content-key',
    indexed: true,
  },
  {
    table: 'messages',
    column: 'upload_url_sealed',
    key: 'id',
    record: 'id',
    purpose: 'upload-url',
    indexed: true,
  },
] as const satisfies readonly SealedColumn[]

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
