import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const MB = 1024 * 1024
/** It has a process of its own, because a collection goes over everything that a process holds. */
const RUN_CONTENT_GARBAGE = fileURLToPath(new URL('../test-support/run-content-garbage.ts', import.meta.url))

test.for([
  { content: 'content', mostBytes: 44 * MB },
  { content: 'mail', mostBytes: 32 * MB },
])('Pieces of $content that outlive minor collections do not accumulate', async ({ content, mostBytes }) => {
  const { stdout } = await promisify(execFile)(process.execPath, [RUN_CONTENT_GARBAGE, content])

  expect(Number(stdout)).toBeGreaterThan(8 * MB)
  expect(Number(stdout)).toBeLessThan(mostBytes)
})
