import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { NODE_FLAGS } from '../start/node-flags.mjs'

const BENCH = fileURLToPath(new URL('./bench.ts', import.meta.url))

it('names the benches there are when it is asked for another', async () => {
  await expect(promisify(execFile)(process.execPath, [...NODE_FLAGS, BENCH, 'memroy'])).rejects.toMatchObject({
    code: 1,
    stdout: '',
    stderr: 'There is no bench memroy. There are: peers, latency, reads, large, start, older.\n',
  })
})
