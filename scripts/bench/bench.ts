// npm run bench [-- [--require] [--beside FOLDER] [NAME…]]: measures the guard rails, each against a baseline of the same
// run (README.md). The figures mean something on a machine that does nothing else.
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { onStopSignal, STATUS_INTERRUPTED } from '../start/exit-on-signals.ts'
import { openTestbed, type Testbed } from '../testbed/testbed.ts'
import { createScoreboard, describeOthers, type BenchDeps } from './guard-rails.ts'
import { benchLarge } from './large.ts'
import { benchLatency } from './latency.ts'
import { watchOtherPrograms } from './machine.ts'
import { benchOlder } from './older.ts'
import { benchPeers } from './peers.ts'
import { benchReads } from './reads.ts'
import { benchStart } from './start.ts'

/** When the simulated Microsoft answers. */
const GRAPH_MS = 5
const BENCHES: Readonly<Record<string, (deps: BenchDeps) => Promise<void>>> = {
  peers: benchPeers,
  latency: benchLatency,
  reads: benchReads,
  large: benchLarge,
  start: benchStart,
  older: benchOlder,
}
const { values, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: {
    /** End with 1 when a figure misses what it must reach, or cannot be judged. */
    require: { type: 'boolean', default: false },
    /** The folder of another release, built, which is measured as well. */
    beside: { type: 'string' },
  },
})
const unknown = wanted.filter((name) => !(name in BENCHES))
if (unknown.length > 0) {
  console.error(`There is no bench ${unknown.join(', ')}. There are: ${Object.keys(BENCHES).join(', ')}.`)
  process.exit(1)
}
const interruption = new AbortController()
const { signal } = interruption
const interrupted = once(signal, 'abort')
onStopSignal(() => interruption.abort())
let others = watchOtherPrograms()
const score = createScoreboard(console.log, () => others.share())
for (const [name, bench] of Object.entries(BENCHES))
  if (!signal.aborted && (wanted.length === 0 || wanted.includes(name))) await run(name, bench)
const { reached, missed, missedGoals, notJudged } = score.counts()
console.log(`${reached} reached, ${missed} missed, ${missedGoals} goals missed, ${notJudged} not judged`)
if (signal.aborted) process.exit(STATUS_INTERRUPTED) // what was under way still waits
if (values.require && missed + notJudged > 0) process.exitCode = 1

/** Runs a bench on a testbed of its own. An interruption ends it, and all that it has started. */
async function run(name: string, bench: (deps: BenchDeps) => Promise<void>): Promise<void> {
  console.log(`bench ${name} …`)
  const startedAt = performance.now()
  others = watchOtherPrograms()
  const opening: Promise<Testbed & AsyncDisposable>[] = []
  const open = async (migrates: boolean) => {
    const opened = openTestbed({ migrates, signal })
    opening.push(opened)
    const testbed = await opened
    await others.except(testbed.pool)
    await testbed.control('PATCH', '/settings', { latencyMs: GRAPH_MS, mailboxConcurrency: null, storeMail: false })
    return testbed
  }
  const work = async () => {
    const deps = { testbed: await open(true), score, beside: values.beside ?? null, openAnother: () => open(false) }
    await bench(deps)
  }
  try {
    // What the bench has started may end by the same Ctrl+C, so that what fails afterwards is no failure of the bench.
    await Promise.race([interrupted, work()]).catch((error: unknown) => {
      if (!signal.aborted) throw error
    })
    const share = others.share()
    if (share !== null && !signal.aborted) console.log(`  measured ${describeOthers(share)}`)
  } finally {
    for (const each of await Promise.allSettled(opening))
      if (each.status === 'fulfilled') await each.value[Symbol.asyncDispose]()
  }
  const seconds = Math.round((performance.now() - startedAt) / 1_000)
  console.log(`bench ${name} ${signal.aborted ? 'was stopped' : 'ended'} after ${seconds} s`)
}
