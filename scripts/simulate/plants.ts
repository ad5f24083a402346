/**
 * Without this fence, the schedule of this seed breaks a rule. Null: no such seed has been found yet. It is looked for by
 * `npm run simulate -- --plant NAME --seed 1 --schedules 300`.
 */
export const SEEDS_OF_PLANTS: Readonly<Record<string, number | null>> = {
  cancel: 64,
  'cancel-in-doubt': null,
  'draft-files': null,
  'draft-settings': null,
  expiry: null,
  idempotency: 2,
  'leave-draft': null,
  'possible-duplicate': null,
  'settings-lock': null,
  'settings-version': null,
  stop: null,
  storage: null,
  stray: null,
  'upload-charge': null,
  'upload-turn': null,
}
