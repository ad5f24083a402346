import type { Circumstances } from './plan.ts'

/** What breaks this is an error, by which no plant is found. */
export const RUNS = 'the schedule runs to its end'

const NO_TROUBLE = { kill: 0, freeze: 0, stop: 0, databaseAway: 0 } satisfies Circumstances['process']

/** Doubts that only a process which ended leaves, since nothing can be looked up. */
const UNREADABLE = {
  isReadable: false,
  messages: 15,
  steps: 700,
  withinMs: 2_000,
  limits: { messagesPerMinute: 0 },
  process: { ...NO_TROUBLE, kill: 2 },
} satisfies Circumstances
/** All goes by draft. */
const LARGE = {
  isReadable: true,
  messages: 6,
  steps: 600,
  traits: { large: 100, cancelled: 0, batch: 0 },
} satisfies Circumstances
const SMALL = { large: 0, scheduled: 0 } satisfies Circumstances['traits']
/**
 * What is sent meets changes of the settings, while one process stands still. Without a copy in Sent Items, a mailbox that may
 * be read has each request begin by itself.
 */
const CHANGES = {
  isReadable: true,
  messages: 15,
  settingsChanges: 5,
  admins: 1,
  resets: 0.2,
  pauseMs: 300,
  withinMs: 5_000,
  steps: 800,
  pace: { hanging: 0.25, haste: 0.9, leaps: 0 },
  microsoft: {
    unreachable: 0,
    lostBefore: 0,
    lostAnswer: 0,
    throttled: 0,
    unavailable: 0,
    unclear: 0,
    forbidden: 0,
    intercepted: 0,
  },
  database: { lostBefore: 0, lostAnswer: 0 },
  limits: { messagesPerMinute: 0 },
  process: { ...NO_TROUBLE, housekeeping: 0, clockSetBack: 0 },
  traits: { unsaved: 100, large: 0, scheduled: 0, batch: 0 },
} satisfies Circumstances
const LOST = { messages: 10, steps: 600, microsoft: { lostAnswer: 60 } } satisfies Circumstances
const CHARGED = { ...LARGE, uploadBytesPer5Minutes: 60_000, withinMs: 0 } satisfies Circumstances

/** The circumstances in which it is soon seen that a fence is missing, so that every change of the product keeps them. */
export const PLANTS: Readonly<Record<string, Circumstances>> = {
  abandoned: { ...UNREADABLE, traits: { ...SMALL, stops: 0, cancelled: 0 } },
  // The process stands still before it begins a request, and comes back while another has its own on the wire.
  attempt: {
    isReadable: true,
    messages: 4,
    withinMs: 0,
    steps: 700,
    settingsChanges: 0,
    limits: { messagesPerMinute: 0 },
    pace: { hanging: 0, hangingRequests: 1, outlasts: true, haste: 0, leaps: 0 },
    microsoft: CHANGES.microsoft,
    database: { lostBefore: 0, lostAnswer: 0 },
    process: {
      ...NO_TROUBLE,
      freeze: 30,
      freezesAt: 'mark',
      goesOn: 0.1,
      returns: 500,
      housekeeping: 0,
      clockSetBack: 0,
    },
    traits: { ...SMALL, stops: 0, expires: 0, cancelled: 0 },
  },
  cancel: { pauseMs: 500, withinMs: 1_000, messages: 10, traits: { ...SMALL, cancelled: 100 } },
  'cancel-in-doubt': { ...LOST, traits: { ...SMALL, cancelled: 100 } },
  'draft-files': {
    ...LARGE,
    withinMs: 2_000,
    pace: { hanging: 0, haste: 0.8, leaps: 0 },
    process: { ...NO_TROUBLE, housekeeping: 0 },
    microsoft: { intercepted: 30 },
    traits: { ...LARGE.traits, expires: 0 },
  },
  epoch: {
    ownerLooks: 10,
    pauseMs: 300,
    pace: { hanging: 0, haste: 0, leaps: 0 },
    database: { lostBefore: 0, lostAnswer: 0 },
    process: NO_TROUBLE,
    endsAlone: false,
  },
  'event-order': { messages: 10, process: { clockSetBack: 5 } },
  expiry: { ...LOST, withinMs: 2_000, traits: { ...SMALL, expires: 100, cancelled: 0 } },
  grace: {
    isReadable: false,
    messages: 15,
    steps: 400,
    withinMs: 0,
    isAlone: true,
    settingsChanges: 0,
    limits: { messagesPerMinute: 0, concurrency: 2 },
    pace: { hanging: 0, hangingRequests: 1, outlasts: true, haste: 0, leaps: 0 },
    process: { ...NO_TROUBLE, kill: 2, housekeeping: 0, clockSetBack: 0 },
    traits: { ...SMALL, stops: 0, expires: 0, cancelled: 0 },
  },
  idempotency: { messages: 10, traits: { repeated: 100 } },
  // The process stands still until another has taken over and found the message, and comes back then.
  'late-outcome': {
    isReadable: true,
    messages: 8,
    withinMs: 0,
    steps: 500,
    copyMs: 0,
    settingsChanges: 0,
    limits: { messagesPerMinute: 0 },
    pace: { hanging: 0, hangingRequests: 0, haste: 0, leaps: 0 },
    microsoft: CHANGES.microsoft,
    database: { lostBefore: 0, lostAnswer: 0 },
    process: { ...NO_TROUBLE, freeze: 1, goesOn: 3, sleeps: 40, housekeeping: 0, clockSetBack: 0 },
    traits: { ...SMALL, stops: 0, expires: 0, cancelled: 0 },
  },
  lease: { endsAlone: false },
  owner: { endsAlone: false },
  // The process ends while it sends once more what was sent, which expires before it is tried again.
  'possible-duplicate': {
    ...UNREADABLE,
    messages: 6,
    withinMs: 0,
    isAlone: true,
    settingsChanges: 0,
    pace: { hanging: 0, hangingRequests: 0.5, outlasts: true, haste: 0 },
    microsoft: { ...CHANGES.microsoft, lostAnswer: 60 },
    database: { lostBefore: 0, lostAnswer: 0 },
    process: { ...NO_TROUBLE, kill: 3, housekeeping: 0, clockSetBack: 0 },
    traits: { ...SMALL, stops: 0, expires: 100, cancelled: 0 },
  },
  retry: { ...UNREADABLE, traits: { ...SMALL, stops: 100, expires: 0, retried: 100 } },
  // The mark alone clears what goes at once.
  'settings-lock': {
    ...CHANGES,
    isReadable: false,
    pace: { hanging: 0, hangingRequests: 0.7, haste: 0.8, leaps: 0 },
    process: { ...CHANGES.process, freeze: 3 },
  },
  'settings-version': CHANGES,
  stop: { ...UNREADABLE, traits: { ...SMALL, stops: 100 } },
  storage: { ...LARGE, storageBytes: 120_000, messages: 8, withinMs: 0 },
  stray: {
    ...LARGE,
    withinMs: 300,
    pauseMs: 5_000,
    microsoft: { lostAnswer: 60 },
    process: NO_TROUBLE,
    traits: { ...LARGE.traits, cancelled: 100 },
  },
  'under-way': { process: NO_TROUBLE },
  'upload-charge': CHARGED,
  'upload-turn': CHARGED,
}
