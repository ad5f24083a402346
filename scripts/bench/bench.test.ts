import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import { NODE_FLAGS } from '../start/node-flags.mjs'

const BENCH = fileURLToPath(new URL('./bench.ts', import.meta.url))
const LOOK_EVERY_MS = 5

/** Runs the bench in a process group and a temporary folder of its own. */
function startBench(...parameters: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-test-'))
  const child = spawn(process.execPath, [...NODE_FLAGS, BENCH, ...parameters], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: folder },
  })
  const group = child.pid ?? 0
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += data.toString()))
  const closed = once(child, 'close')
  onTestFinished(() => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-group, 'SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    /** Waits until one of the processes, or of their parameters, has this in its command line. */
    async untilRuns(program: RegExp) {
      while (!processesWith(folder, group).some((line) => program.test(line))) await delay(LOOK_EVERY_MS)
    },
    /** As a terminal does with Ctrl+C. */
    interrupt: () => process.kill(-group, 'SIGINT'),
    async ended() {
      const [status] = await closed
      return { status, output, leftFiles: readdirSync(folder) }
    },
    leftProcesses: () => processesWith(folder, group),
  }
}

/** The command lines of the processes that are in this group or name this folder: PostgreSQL has a group of its own. */
function processesWith(folder: string, group: number): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
        const itsGroup = Number(
          readFileSync(`/proc/${pid}/stat`, 'utf8')
            .replace(/^.*\) /, '')
            .split(' ')[2],
        )
        return itsGroup === group || command.includes(folder) ? [command] : []
      } catch {
        return [] // it has just ended
      }
    })
}

it.each([
  ['initdb', /initdb|postgres -D/], // which follows, where nobody looked in time
  ['postgres -D', /postgres -D/],
  ['m365-simulator', /m365-simulator/],
])('is interrupted while its %s starts, begins no other bench, and leaves nothing behind', async (_name, program) => {
  const bench = startBench('large', 'start')
  await bench.untilRuns(program)
  bench.interrupt()
  const { status, output, leftFiles } = await bench.ended()
  expect(output).toMatch(
    /^bench large …\nbench large was stopped after \d+ s\n0 reached, 0 missed, 0 goals missed, 0 not judged\n$/,
  )
  expect({ status, leftFiles }).toEqual({ status: 130, leftFiles: [] })
  await expect.poll(bench.leftProcesses).toEqual([]) // a child of initdb may still be ending
})

it('names the benches there are when it is asked for another', async () => {
  const { status, output } = await startBench('memroy').ended()
  expect({ status, output }).toEqual({
    status: 1,
    output: 'There is no bench memroy. There are: peers, latency, reads, large, start, older.\n',
  })
})
