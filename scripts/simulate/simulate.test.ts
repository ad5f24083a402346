import { afterAll, beforeAll, expect, it } from 'vitest'
import { prepareGround } from './ground.ts'
import { openWorker } from './workers.ts'

// Also `npm run simulate`, which runs more of them.
const SEEDS = [1, 4, 9]

let ground: Awaited<ReturnType<typeof prepareGround>>
let worker: ReturnType<typeof openWorker>

beforeAll(async () => {
  ground = await prepareGround()
  worker = openWorker(ground.serverUrl)
})

afterAll(async () => {
  worker.close()
  await ground.close()
})

it.each(SEEDS)('schedule %i keeps every rule, and the same happens when it is repeated', async (seed) => {
  expect((await worker.run(seed, true)).violations).toEqual([])
})
