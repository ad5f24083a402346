import { setTimeout as delay } from 'node:timers/promises'
import { createSubmitter, inParallel, messageBody } from '../testbed/submit.ts'
import { NO_LIMITS } from '../testbed/testbed.ts'
import type { BenchDeps } from './guard-rails.ts'

/** How often each is measured, and how many at a time. */
const ROUNDS = 4
const PACED = 1_000
const EVERY_MS = 5
const WARM = 2_000
/** Longer than this for one commit in a hundred, and a bare commit says nothing of the product that is measured by it. */
const TOO_SLOW_COMMIT_MS = 25

/** Measures submits, 200 a second, against bare commits of as many bytes, some seconds of each in turn. */
export async function benchLatency({ testbed, score }: BenchDeps): Promise<void> {
  const [tenant] = await testbed.addTenants(1)
  if (!tenant) return
  const api = await testbed.start('api', NO_LIMITS)
  await testbed.pool.query('CREATE TABLE bare_commits (body text NOT NULL)')
  const submitter = createSubmitter(api, 50)
  const body = messageBody('Bare')
  const commit = async () => {
    await testbed.pool.query('INSERT INTO bare_commits (body) VALUES ($1)', [body])
  }
  const submit = (nth: number) => submitter.submit(tenant, `Message ${nth}`)
  for (const work of [commit, submit]) await inParallel(WARM, 8, work)
  const [commits, submits]: [number[], number[]] = [[], []]
  for (let round = 0; round < ROUNDS; round++) {
    commits.push(...(await timesOfPaced(commit)))
    submits.push(...(await timesOfPaced(submit)))
  }
  submitter.close()
  await api.stop()
  for (const [what, times] of Object.entries({ 'a bare commit': commits, 'a submit': submits }))
    console.log(
      `${what}, 200 a second: median ${at(times, 0.5).toFixed(1)} ms, 99 % ${at(times, 0.99).toFixed(1)} ms, longest ${at(times, 1).toFixed(1)} ms`,
    )
  const commitMs = at(commits, 0.99)
  if (commitMs <= TOO_SLOW_COMMIT_MS)
    score.note('p99 of a submit over that of a bare commit', at(submits, 0.99) / commitMs)
  else
    score.giveUp(
      'p99 of a submit over that of a bare commit',
      `the disk is too slow, since one bare commit in a hundred took ${commitMs.toFixed(0)} ms and longer`,
    )
}

/** Runs a task 200 times a second for some seconds, and returns how long each took in ms. */
async function timesOfPaced(task: (index: number) => Promise<void>): Promise<number[]> {
  const times: number[] = []
  const pending: Promise<void>[] = []
  const startedAt = performance.now()
  for (let index = 0; index < PACED; index++) {
    const dueAt = startedAt + index * EVERY_MS
    const earlyMs = dueAt - performance.now()
    if (earlyMs > 1) await delay(earlyMs)
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
