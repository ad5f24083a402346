import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from '../../packages/m365/src/test-support/free-port.ts'
import { startBareServer } from '../load/bare-server.ts'
import { grouped, type Setting } from './setting.ts'
import { createSubmitter, inParallel, messageBody } from '../testbed/submit.ts'
import { judgeLatency, type Scoreboard } from './targets.ts'
import { NO_LIMITS, type Testbed } from '../testbed/testbed.ts'

/** How often each is measured, and how many at a time. */
const ROUNDS = 4
const PACED = 1_000
const WARM = 2_000

export const LATENCY_SETTING: Setting = {
  mailboxes: [1],
  graphMs: [],
  mails: `${grouped(PACED)} of each, 200 a second`,
  rounds: ROUNDS,
}

/**
 * Measures submits, 200 a second, against bare commits of as many bytes, some seconds of each in turn. A server that only
 * commits what it is sent tells how much of the difference is HTTP.
 */
export async function benchLatency(testbed: Testbed, score: Scoreboard): Promise<void> {
  const [tenant] = await testbed.addTenants(1)
  if (!tenant) return
  const api = await testbed.start('api', NO_LIMITS)
  await testbed.pool.query('CREATE TABLE bare_commits (body text NOT NULL)')
  const port = await freePort()
  const bare = await startBareServer(new URL('../load/bare-http-server.ts', import.meta.url), [String(port)], {
    DATABASE_URL: testbed.connectionString,
  })
  const toProduct = createSubmitter(api.url, 50)
  const toBare = createSubmitter(`http://127.0.0.1:${port}`, 50)
  const body = messageBody('Bare')
  const measured: { what: string; work: (nth: number) => Promise<unknown>; times: number[] }[] = [
    {
      what: 'bare commit',
      work: () => testbed.pool.query('INSERT INTO bare_commits (body) VALUES ($1)', [body]),
      times: [],
    },
    { what: 'the same by bare HTTP', work: (nth) => toBare.submit(tenant, `Message ${nth}`), times: [] },
    { what: 'submit', work: (nth) => toProduct.submit(tenant, `Message ${nth}`), times: [] },
  ]
  try {
    for (const { work } of measured) await inParallel(WARM, 8, async () => void (await work(0)))
    for (let round = 0; round < ROUNDS; round++)
      for (const { work, times } of measured) times.push(...(await timesOfPaced(work)))
  } finally {
    toProduct.close()
    toBare.close()
    bare.kill()
    await api.stop()
  }
  const p99 = measured.map(({ what, times }) => {
    console.log(
      `${what} at 200 a second: median ${at(times, 0.5).toFixed(1)} ms, 95% ${at(times, 0.95).toFixed(1)} ms, 99% ${at(times, 0.99).toFixed(1)} ms, longest ${at(times, 1).toFixed(1)} ms`,
    )
    return at(times, 0.99)
  })
  const [ofCommit = Number.NaN, ofBareServer = Number.NaN, ofSubmit = Number.NaN] = p99
  console.log(`p99 of bare HTTP over that of bare commits: ${(ofBareServer / ofCommit).toFixed(1)}`)
  judgeLatency(score, ofSubmit, ofCommit)
}

/** Runs a task 200 times a second for some seconds, and returns how long each took in ms. */
async function timesOfPaced(task: (index: number) => Promise<unknown>): Promise<number[]> {
  const times: number[] = []
  const pending: Promise<void>[] = []
  const startedAt = performance.now()
  for (let index = 0; index < PACED; index++) {
    const dueAt = startedAt + index * 5
    if (dueAt - performance.now() > 1) await delay(dueAt - performance.now())
    // Measured from the due time, so that a slow answer does not hide the delay of the next ones (coordinated
    // omission). A timer that ends early hides nothing.
    const beganAt = Math.min(dueAt, performance.now())
    const done = task(index).then(() => void times.push(performance.now() - beganAt))
    done.catch(() => {}) // awaited below, once all have begun
    pending.push(done)
  }
  await Promise.all(pending)
  return times
}

function at(times: readonly number[], share: number): number {
  return times.toSorted((one, other) => one - other)[Math.floor((times.length - 1) * share)] ?? Number.NaN
}
