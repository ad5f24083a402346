// npm run chaos [-- NAME…]: delivers under faults and fails when a message is lost, doubled without need or unreadable.
//   storm [COUNT]  random faults of Microsoft, killed processes, a new vault key (load/storm.ts)
//   smtp [COUNT]   the same by SMTP, whose clients repeat a mail until it is answered (load/storm.ts)
//   uploads        workers killed during large uploads (load/killed-uploads.ts)
//   tokens         access tokens that live for two seconds (load/token-trouble.ts)
//   backup         backups and restores killed at random moments (load/killed-transfers.ts)
//   rolling        processes of this release and the next on one database, back and forth (upgrade/rolling.ts)
//   history        random faults of everything, recorded and checked rule by rule (load/history/run.ts)
// --seed N repeats the random draws of uploads, backup and history; --minutes N and --only KINDS choose the faults of a
// history, and --check FILE checks a recorded one again.
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { exitOnSignals } from '../start/exit-on-signals.ts'
import { FAULT_KINDS } from './history/plan.ts'
import { checkHistory, runHistory } from './history/run.ts'
import { runKilledTransfers } from './killed-backups.ts'
import { runKilledUploads } from '../load/killed-uploads.ts'
import { runSmtpStorm, runStorms } from './storm.ts'
import { runTokenTrouble } from '../load/token-trouble.ts'
import { runRolling } from './rolling.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: String(randomInt(1_000_000)) },
    minutes: { type: 'string', default: '5' },
    only: { type: 'string' },
    check: { type: 'string' },
  },
})

const RUNS: Readonly<Record<string, () => Promise<boolean>>> = {
  storm: () => runStorms(messages),
  smtp: () => runSmtpStorm(messages),
  uploads: () => runKilledUploads(wholeNumber('seed', values.seed)),
  tokens: runTokenTrouble,
  backup: () => runKilledTransfers(wholeNumber('seed', values.seed)),
  rolling: runRolling,
  history: () =>
    values.check === undefined
      ? runHistory({
          seed: wholeNumber('seed', values.seed),
          minutes: wholeNumber('minutes', values.minutes),
          only: values.only === undefined ? undefined : faultKinds(values.only),
        })
      : checkHistory(values.check),
}

const wanted = positionals.filter((parameter) => !/^\d+$/.test(parameter))
/** How many messages the storm sends; a smaller number makes a quick run. */
const messages = Number(positionals.find((parameter) => /^\d+$/.test(parameter)) ?? 2_000)

const unknown = wanted.filter((name) => !(name in RUNS))
if (unknown.length > 0) {
  console.error(`There is no chaos ${unknown.join(', ')}. There are: ${Object.keys(RUNS).join(', ')}.`)
  process.exit(1)
}
exitOnSignals() // every run stops what it has started when the process exits
let failed = false
for (const [name, run] of Object.entries(RUNS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  if (!(await run())) failed = true
}
process.exit(failed ? 1 : 0)

function wholeNumber(name: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  console.error(`--${name} has to be a whole number.`)
  return process.exit(1)
}

function faultKinds(text: string): string[] {
  const kinds = text.split(',')
  if (kinds.every((kind) => FAULT_KINDS.includes(kind))) return kinds
  console.error(`--only takes, separated by commas: ${FAULT_KINDS.join(', ')}.`)
  return process.exit(1)
}
