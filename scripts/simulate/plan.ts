import { createRandom, type Random } from '../chaos/random.ts'

export type Plan = ReturnType<typeof drawPlan>
/** What a schedule is given in place of what its seed draws. */
export type Circumstances = Partial<Omit<Plan, Part>> & { readonly [Each in Part]?: Partial<Plan[Each]> }
type Part = 'limits' | 'database' | 'microsoft' | 'process' | 'traits' | 'pace'

/** Two such clocks may be an hour apart. An admin's session outlives it. */
const WRONG_BY_MS = 30 * 60_000

export function planSchedule(seed: number, circumstances: Circumstances = {}): Plan {
  const plan = drawPlan(seed)
  const { limits, database, microsoft, process, traits, pace, ...others } = circumstances
  return {
    ...plan,
    ...others,
    limits: { ...plan.limits, ...limits },
    database: { ...plan.database, ...database },
    microsoft: { ...plan.microsoft, ...microsoft },
    process: { ...plan.process, ...process },
    traits: { ...plan.traits, ...traits },
    pace: { ...plan.pace, ...pace },
  }
}

/**
 * What a schedule may meet, and how likely each of it is beside 100 for a statement or request that is carried out. Most
 * schedules meet some kinds of trouble and not the others: all at once would hide what each of them alone does.
 */
function drawPlan(seed: number) {
  const random = createRandom(seed)
  const some = (weight: number, probability = 0.5) => (random.chance(probability) ? weight : 0)
  const share = (percent: number) => (random.chance(0.4) ? percent : 0)
  return {
    /** How many things happen by chance, before nothing goes wrong any more. */
    steps: random.between(100, 400),
    limits: {
      concurrency: random.pick([4, 4, 2]),
      messagesPerMinute: random.pick([30, 30, 0, 6]),
      recipientsPerDay: 10_000,
    },
    uploadBytesPer5Minutes: random.pick([157_286_400, 157_286_400, 160_000]),
    storageBytes: random.pick([10_737_418_240, 10_737_418_240, 120_000]),
    /** Whether the mailbox may be read, so that it is looked for what was sent. */
    isReadable: random.chance(0.6),
    messages: random.between(2, 8),
    /** Within how many ms they are submitted. */
    withinMs: random.pick([0, 2_000, 20_000]),
    /** In what order things happen. */
    pace: {
      /** How likely a statement or its answer waits until much else has happened. */
      hanging: random.pick([0, 0, 0.05, 0.2]),
      hangingRequests: random.pick([0, 0, 0.3]),
      /** Whether time passes while nothing but what hangs is left. */
      outlasts: false,
      /** How likely whoever went last goes on. */
      haste: random.pick([0, 0, 0.8]),
      /** How likely seconds pass at once, beside 500 for the time until the next timer. */
      leaps: 32,
    },
    database: { lostBefore: some(1), lostAnswer: some(2) },
    microsoft: {
      unreachable: some(5),
      lostBefore: some(5),
      lostAnswer: some(random.pick([8, 30])),
      throttled: some(3),
      unavailable: some(4),
      unclear: some(5),
      /** Holds everything until somebody connects again. */
      forbidden: some(1, 0.2),
      /** Says that a file was put on a draft, which never arrived. */
      intercepted: some(10, 0.2),
    },
    process: {
      kill: some(4),
      /** With each statement. */
      freeze: some(1),
      /** The name of the only statement; any without. */
      freezesAt: '',
      stop: some(2, 0.3),
      databaseAway: some(1, 0.3),
      clockSetBack: some(1, 0.15),
      housekeeping: some(2),
      /** One that was killed or stands still. */
      goesOn: 20,
      /** One that stands still does so until another may have taken over. */
      sleeps: 0,
      /** One that stands still goes on while another sends, in addition to `goesOn`. */
      returns: 0,
    },
    /** Whether it is one process, with a database that nobody else uses. */
    isAlone: false,
    /** How long clients wait at most before they do something with a message, or change the settings. */
    pauseMs: 30_000,
    /** How often it is looked who sends, where nothing keeps an owner from renewing. */
    ownerLooks: 0,
    /** How late copies appear in Sent Items. */
    copyMs: random.pick([0, 2_000, 30_000, 5 * 60_000]),
    settingsChanges: random.chance(0.35) ? random.between(1, 4) : 0,
    /** How many change them at the same time. */
    admins: random.pick([1, 2]),
    /** How likely a change is a Reset. */
    resets: 0.5,
    /** How wrong the clocks of the processes are. */
    wallOffsetsMs: { one: offset(random), two: offset(random) },
    /** How many of a hundred messages have a trait. */
    traits: {
      expires: share(random.pick([40, 100])),
      scheduled: share(30),
      stops: share(random.pick([50, 100])),
      large: share(random.pick([30, 80])),
      unsaved: share(30),
      batch: share(30),
      cancelled: share(random.pick([40, 100])),
      repeated: share(50),
      /** Where nothing can be looked up, and what stops fails. */
      retried: share(100),
    },
    /** Whether one of the two processes is stopped before everything ends, which the other one does alone. */
    endsAlone: random.chance(0.9),
  }
}

function offset(random: Random): number {
  return random.chance(0.2) ? random.pick([-WRONG_BY_MS, WRONG_BY_MS]) : 0
}
