import type { Circumstances } from './plan.ts'

/** What breaks this is an error, by which no plant is found. */
export const RUNS = 'the schedule runs to its end'

/** Doubts that only a process which ended leaves, since nothing can be looked up. */
const UNREADABLE = {
  isReadable: false,
  messages: 20,
  steps: 900,
  withinMs: 20_000,
  microsoft: { lostAnswer: 60, late: 30 },
  process: { kill: 30 },
} satisfies Circumstances
const LARGE = { isReadable: true, messages: 6, steps: 600 } satisfies Circumstances
const CHANGES = { settingsChanges: 5, pauseMs: 1_000, withinMs: 1_000, process: { freeze: 0 } } satisfies Circumstances

/** Without a copy in Sent Items, a mailbox that may be read has each request begin by itself. */
const ASKS_FIRST = { isReadable: true, messages: 10, traits: { unsaved: 100, large: 0 } } satisfies Circumstances

/** The circumstances in which it is soon seen that a fence is missing, so that every change of the product keeps them. */
export const PLANTS: Readonly<Record<string, Circumstances>> = {
  cancel: { pauseMs: 500, withinMs: 1_000, messages: 10, traits: { cancelled: 100, large: 0, scheduled: 0 } },
  'cancel-in-doubt': {
    messages: 10,
    steps: 600,
    microsoft: { lostAnswer: 60 },
    traits: { cancelled: 100, large: 0, scheduled: 0 },
  },
  'draft-files': { ...LARGE, microsoft: { late: 40 }, traits: { large: 100, cancelled: 0, expires: 0 } },
  'draft-settings': { ...LARGE, ...CHANGES, traits: { large: 100, cancelled: 0 } },
  epoch: {
    messages: 10,
    steps: 600,
    withinMs: 20_000,
    database: { late: 5 },
    process: { kill: 0, freeze: 0, stop: 0, databaseAway: 0 },
  },
  expiry: {
    messages: 10,
    steps: 600,
    withinMs: 2_000,
    microsoft: { lostAnswer: 60 },
    traits: { expires: 100, large: 0, cancelled: 0, scheduled: 0 },
  },
  idempotency: { messages: 10, traits: { repeated: 100 } },
  'leave-draft': {
    ...LARGE,
    pauseMs: 300,
    withinMs: 300,
    microsoft: { late: 20 },
    traits: { large: 100, cancelled: 100 },
  },
  lease: { endsAlone: false },
  owner: { endsAlone: false },
  'possible-duplicate': { ...UNREADABLE, traits: { stops: 0, large: 0, expires: 100 } },
  'settings-lock': { ...CHANGES, ...ASKS_FIRST },
  'settings-version': { ...CHANGES, ...ASKS_FIRST },
  stop: { ...UNREADABLE, traits: { stops: 100, large: 0 } },
  storage: { storageBytes: 120_000, isReadable: true, messages: 8, withinMs: 0, traits: { large: 100 } },
  stray: { ...LARGE, microsoft: { late: 40 }, process: { kill: 20 }, traits: { large: 100, cancelled: 100 } },
  'upload-charge': { ...LARGE, uploadBytesPer5Minutes: 60_000, withinMs: 0, traits: { large: 100, cancelled: 0 } },
  'upload-turn': { ...LARGE, uploadBytesPer5Minutes: 60_000, withinMs: 0, traits: { large: 100, cancelled: 0 } },
}
