import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { NODE_FLAGS } from '../../node-flags.mjs'

let working: string
beforeAll(() => {
  working = mkdtempSync(join(tmpdir(), 'inforiver-mail-command-'))
})
afterAll(() => rmSync(working, { recursive: true, force: true }))

it.runIf(process.platform === 'linux')('stops the database that it has started when it is interrupted', async () => {
  const { PATH } = process.env
  const program = join(import.meta.dirname, 'command.ts')
  const command = spawn(process.execPath, [...NODE_FLAGS, program, 'migrate', '--demo'], {
    cwd: working,
    env: { PATH },
    stdio: 'ignore',
  })
  const ended = once(command, 'exit')
  const pidFile = join(working, '.data/demo/postgres/postmaster.pid')
  await expect.poll(() => existsSync(pidFile), { timeout: 60_000 }).toBe(true)
  const pid = Number(readFileSync(pidFile, 'utf8').split('\n')[0])

  command.kill('SIGTERM')

  try {
    expect(await ended).toEqual([130, null])
    await expect.poll(() => existsSync(pidFile), { timeout: 60_000 }).toBe(false)
  } finally {
    if (existsSync(pidFile)) process.kill(pid)
  }
})
