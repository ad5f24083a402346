import type { Circumstances } from './plan.ts'

/** What breaks this is an error, by which no plant is found. */
export const RUNS = 'the schedule runs to its end'

const NO_TROUBLE = { kill: 0, freeze: 0, stop: 0, databaseAway: 0 } satisfies Circumstances['process']

/** Doubts that only a process which ended leaves, since nothing can be looked up. */
const UNREADABLE = {
  isReadable: false,
  messages: 12,
  steps: 900,
  withinMs: 5_000,
  limits: { messagesPerMinute: 0 },
  process: { ...NO_TROUBLE, kill: 5 },
} satisfies Circumstances
const AT_ONCE = { pauseMs: 300, withinMs: 300 } satisfies Circumstances
/** All goes by draft. */
const LARGE = {
  isReadable: true,
  messages: 6,
  steps: 600,
  traits: { large: 100, cancelled: 0 },
} satisfies Circumstances
const SMALL = { large: 0, scheduled: 0 } satisfies Circumstances['traits']
/** What is sent meets changes of the settings. */
const CHANGES = {
  isReadable: true,
  ...AT_ONCE,
  settingsChanges: 5,
  steps: 600,
  limits: { messagesPerMinute: 0 },
  process: NO_TROUBLE,
} satisfies Circumstances
/** Without a copy in Sent Items, a mailbox that may be read has each request begin by itself. */
const ASKS_FIRST = { ...CHANGES, messages: 10, traits: { unsaved: 100, large: 0 } } satisfies Circumstances
const LOST = { messages: 10, steps: 600, microsoft: { lostAnswer: 60 } } satisfies Circumstances
const CHARGED = { ...LARGE, uploadBytesPer5Minutes: 60_000, withinMs: 0 } satisfies Circumstances

/** The circumstances in which it is soon seen that a fence is missing, so that every change of the product keeps them. */
export const PLANTS: Readonly<Record<string, Circumstances>> = {
  cancel: { pauseMs: 500, withinMs: 1_000, messages: 10, traits: { ...SMALL, cancelled: 100 } },
  'cancel-in-doubt': { ...LOST, traits: { ...SMALL, cancelled: 100 } },
  'draft-files': { ...LARGE, microsoft: { late: 40 }, traits: { ...LARGE.traits, expires: 0 } },
  'draft-settings': { ...LARGE, ...CHANGES },
  epoch: { messages: 10, steps: 600, withinMs: 20_000, database: { late: 5 }, process: NO_TROUBLE },
  expiry: { ...LOST, withinMs: 2_000, traits: { ...SMALL, expires: 100, cancelled: 0 } },
  idempotency: { messages: 10, traits: { repeated: 100 } },
  lease: { endsAlone: false },
  owner: { endsAlone: false },
  'possible-duplicate': { ...UNREADABLE, microsoft: { lostAnswer: 60 }, traits: { ...SMALL, stops: 0, expires: 100 } },
  'settings-lock': ASKS_FIRST,
  'settings-version': ASKS_FIRST,
  stop: { ...UNREADABLE, traits: { ...SMALL, stops: 100 } },
  storage: { ...LARGE, storageBytes: 120_000, messages: 8, withinMs: 0 },
  stray: {
    ...LARGE,
    ...AT_ONCE,
    microsoft: { lostAnswer: 20 },
    process: { kill: 4 },
    traits: { large: 100, cancelled: 100 },
  },
  'under-way': { process: NO_TROUBLE },
  'upload-charge': CHARGED,
  'upload-turn': CHARGED,
}
