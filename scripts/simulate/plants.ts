/**
 * Without this fence, the schedule of this seed breaks a rule. Null: no such seed has been found yet. It is looked for by
 * `npm run simulate -- --plant NAME --seed 1 --schedules 300`.
 */
export const SEEDS_OF_PLANTS: Readonly<Record<string, number | null>> = {
  cancel: 295,
  'cancel-in-doubt': 187,
  'draft-files': null,
  'draft-settings': null,
  epoch: null,
  expiry: 95,
  idempotency: 7,
  'leave-draft': null,
  lease: null,
  owner: null,
  'possible-duplicate': null,
  'settings-lock': null,
  'settings-version': null,
  stop: null,
  storage: 3,
  stray: null,
  'upload-charge': 156,
  'upload-turn': 596,
}
