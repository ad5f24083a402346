/**
 * Without this fence, the schedule of this seed breaks a rule. Null: no such seed has been found yet. It is looked for by
 * `npm run simulate -- --plant NAME --seed 1 --schedules 300`.
 */
export const SEEDS_OF_PLANTS: Readonly<Record<string, number | null>> = {
  cancel: 47,
  'cancel-in-doubt': 608,
  'draft-files': null,
  'draft-settings': null,
  epoch: null,
  expiry: 69,
  idempotency: 1,
  'leave-draft': null,
  lease: null,
  owner: null,
  'possible-duplicate': null,
  'settings-lock': null,
  'settings-version': null,
  stop: 40,
  storage: 3,
  stray: null,
  'upload-charge': 156,
  'upload-turn': 596,
}
