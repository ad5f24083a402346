import { ALERT_SEALED_COLUMNS } from './alerts/sealed-columns.ts'
import type { ForgettableColumn } from './domain/sealed-column.ts'
import {
  FORGET_CONTENT_KEYS,
  FORGET_DATA_KEY_CONTENTS,
  FORGET_DATA_KEYS,
  FORGET_UPLOAD_URLS,
} from './queue/changes/forget.ts'
import { QUEUE_SEALED_COLUMNS } from './queue/sealed-columns.ts'
import { SETTINGS_SEALED_COLUMNS } from './settings/sealed-columns.ts'
import { SIGN_IN_SEALED_COLUMNS } from './sign-in/sealed-columns.ts'

const { dataKey, contentKey, uploadUrl } = QUEUE_SEALED_COLUMNS

/** Every column of sealed values. The check at the start, rotation and forgetting use this list. */
export const SEALED_COLUMNS = {
  ...SETTINGS_SEALED_COLUMNS,
  ...SIGN_IN_SEALED_COLUMNS,
  ...ALERT_SEALED_COLUMNS,
  dataKey: { ...dataKey, forget: [FORGET_DATA_KEY_CONTENTS, FORGET_DATA_KEYS] },
  contentKey: { ...contentKey, forget: [FORGET_CONTENT_KEYS] },
  uploadUrl: { ...uploadUrl, forget: [FORGET_UPLOAD_URLS] },
} as const satisfies Record<string, ForgettableColumn>
