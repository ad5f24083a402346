import { createRandom, type Random } from '../chaos/random.ts'
import type { DatabaseFaults } from './database.ts'
import type { Limits } from '../chaos/history/history.ts'
import type { MicrosoftFaults } from './microsoft.ts'

/** What a schedule may meet, and how likely each of it is beside 100 for a statement that is carried out. */
export interface Plan {
  /** How many things happen by chance, before nothing goes wrong any more. */
  readonly steps: number
  readonly limits: Limits
  readonly uploadBytesPer5Minutes: number
  readonly storageBytes: number
  /** Whether the mailbox may be read, so that it is looked for what was sent. */
  readonly isReadable: boolean
  readonly messages: number
  /** Within how many ms they are submitted. */
  readonly withinMs: number
  readonly database: DatabaseFaults
  readonly microsoft: MicrosoftFaults
  readonly process: ProcessFaults
  /** How late copies appear in Sent Items. */
  readonly copyMs: number
  readonly settingsChanges: number
  /** How wrong the clocks of the processes are. */
  readonly wallOffsetsMs: readonly [number, number]
  readonly traits: Traits
  /** Whether one of the two processes is stopped before everything ends, which the other one does alone. */
  readonly endsAlone: boolean
}

export interface ProcessFaults {
  readonly kill: number
  readonly freeze: number
  readonly stop: number
  readonly databaseAway: number
  readonly clockSetBack: number
  readonly housekeeping: number
}

/** How many of a hundred messages have a trait. */
export interface Traits {
  readonly expires: number
  readonly scheduled: number
  readonly stops: number
  readonly large: number
  readonly unsaved: number
  readonly batch: number
  readonly cancelled: number
  readonly repeated: number
}

/** Two such clocks may be an hour apart. An admin's session outlives it. */
const WRONG_BY_MS = 30 * 60_000

/** Most schedules meet some kinds of trouble and not the others: all at once would hide what each of them alone does. */
export function planSchedule(seed: number): Plan {
  const random = createRandom(seed)
  const some = (weight: number, probability = 0.5) => (random.chance(probability) ? weight : 0)
  const share = (percent: number) => (random.chance(0.4) ? percent : 0)
  return {
    steps: random.between(150, 500),
    limits: {
      concurrency: random.pick([4, 4, 2]),
      messagesPerMinute: random.pick([30, 30, 0, 6]),
      recipientsPerDay: 10_000,
    },
    uploadBytesPer5Minutes: random.pick([157_286_400, 157_286_400, 60_000]),
    storageBytes: random.pick([10_737_418_240, 10_737_418_240, 120_000]),
    isReadable: random.chance(0.6),
    messages: random.between(2, 8),
    withinMs: random.pick([0, 2_000, 20_000]),
    database: { lostBefore: some(1), lostAnswer: some(2) },
    microsoft: {
      unreachable: some(5),
      lostBefore: some(5),
      lostAnswer: some(random.pick([8, 30])),
      throttled: some(3),
      unavailable: some(4),
      unclear: some(5),
    },
    process: {
      kill: some(4),
      freeze: some(4),
      stop: some(2, 0.3),
      databaseAway: some(1, 0.3),
      clockSetBack: some(1, 0.15),
      housekeeping: some(2),
    },
    copyMs: random.pick([0, 2_000, 30_000, 5 * 60_000]),
    settingsChanges: random.chance(0.35) ? random.between(1, 5) : 0,
    wallOffsetsMs: [offset(random), offset(random)],
    traits: {
      expires: share(random.pick([40, 100])),
      scheduled: share(30),
      stops: share(random.pick([50, 100])),
      large: share(random.pick([30, 80])),
      unsaved: share(30),
      batch: share(30),
      cancelled: share(random.pick([40, 100])),
      repeated: share(50),
    },
    endsAlone: random.chance(0.7),
  }
}

function offset(random: Random): number {
  return random.chance(0.2) ? random.pick([-WRONG_BY_MS, WRONG_BY_MS]) : 0
}
