import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, it, onTestFinished } from 'vitest'
import { runTool } from './run-tool.mjs'

const MODULE = JSON.stringify(new URL('run-tool.mjs', import.meta.url).href)

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe.skipIf(process.platform === 'win32')('runs a tool', () => {
  it('and returns its status and its output', async () => {
    expect(await runTool('sh', ['-c', 'echo said; echo warned >&2; exit 3'])).toEqual({
      status: 3,
      output: expect.stringMatching(/^(said\nwarned|warned\nsaid)\n$/),
      left: null,
    })
  })

  it('that does not exist, and says so', async () => {
    expect(await runTool('no-such-tool', [])).toMatchObject({
      status: null,
      output: expect.stringContaining('no-such-tool'),
    })
  })

  // Elsewhere it is not known which process that is.
  it.runIf(process.platform === 'linux')('that leaves a process which holds its output, and kills that', async () => {
    const program = `const { spawn } = require('node:child_process')
      const child = spawn('sleep', ['1234'], { stdio: 'inherit', detached: true })
      console.log(child.pid)
      child.unref()`
    const { status, output, left } = await runTool(process.execPath, ['--eval', program], { outputEndsWithinMs: 100 })

    expect(status).toBe(0)
    expect(left).toEqual(['sleep 1234'])
    await expect.poll(() => isRunning(Number(output))).toBe(false)
  })

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'and ends by %s with everything that its tools started',
    async (signal) => {
      const folder = mkdtempSync(join(tmpdir(), 'inforiver-mail-tool-'))
      onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
      writeFileSync(join(folder, 'kept'), '')
      const program = `
        import { rmSync } from 'node:fs'
        import { beforeEnd, runTool } from ${MODULE}
        beforeEnd(() => rmSync(${JSON.stringify(join(folder, 'kept'))}))
        runTool('sh', ['-c', 'sleep 1234 & echo $!; wait'], { stdio: 'inherit' })
        await runTool('sh', ['-c', 'sleep 1234 & echo $!; wait'], { stdio: 'inherit' })
        console.log('This is not said.')`
      const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const lines: string[] = []
      createInterface(child.stdout).on('line', (line) => lines.push(line))
      const closed = once(child, 'close')
      await expect.poll(() => lines.length).toBe(2)

      child.kill(signal)

      expect(await closed).toEqual([null, signal])
      expect(lines).toHaveLength(2)
      expect(existsSync(join(folder, 'kept'))).toBe(false)
      await expect.poll(() => lines.map(Number).filter(isRunning)).toEqual([])
    },
  )
})
