import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { NODE_FLAGS } from '../../start/node-flags.mjs'

let working: string
let started: ChildProcess | undefined
beforeEach(() => {
  working = mkdtempSync(join(tmpdir(), 'inforiver-mail-command-'))
})
afterEach(() => {
  started?.kill('SIGKILL')
  const pid = existsSync(pidFile()) ? Number(readFileSync(pidFile(), 'utf8').split('\n')[0]) : 0
  if (pid > 0) process.kill(pid) // a file that was just created names no process, and 0 is the group of this test
  rmSync(working, { recursive: true, force: true })
})

const pidFile = () => join(working, 'data/postgres/postmaster.pid')

function run(parameters: readonly string[], environment: Record<string, string> = {}) {
  const program = join(import.meta.dirname, 'command.ts')
  const command = spawn(process.execPath, [...NODE_FLAGS, program, ...parameters], {
    cwd: working,
    env: {
      PATH: process.env['PATH'],
      DATA_DIR: 'data',
      AZURE_TENANT_ID: '11111111-2222-4333-8444-555555555555',
      AZURE_CLIENT_ID: '66666666-7777-4888-9999-aaaaaaaaaaaa',
      AZURE_CLIENT_SECRET: 'the-secret-of-the-test-registration',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  started = command
  let output = ''
  command.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  return {
    ended: once(command, 'exit'),
    signal: (signal: NodeJS.Signals) => command.kill(signal),
    untilDatabaseStarts: () => expect.poll(() => existsSync(pidFile()), { interval: 5 }).toBe(true),
    said: (text: string) => expect.poll(() => output).toContain(text),
  }
}

describe.runIf(process.platform === 'linux')('a command', () => {
  it('stops the database that it has started when it is interrupted', async () => {
    const migrate = run(['migrate'])
    await migrate.untilDatabaseStarts()

    migrate.signal('SIGTERM')

    expect(await migrate.ended).toEqual([130, null])
    await expect.poll(() => existsSync(pidFile())).toBe(false)
  })

  it('stops when it is to read its secrets again before it is ready', async () => {
    const product = run(['start'], { PORT: String(await freePort()) })
    await product.untilDatabaseStarts()

    product.signal('SIGHUP')

    expect(await product.ended).toEqual([0, null])
  })

  it('reads its secrets again when it is asked to as soon as /readyz answers', async () => {
    const port = String(await freePort())
    const product = run(['start'], { PORT: port })
    const readiness = async () => (await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null))?.status
    await expect.poll(readiness, { interval: 5 }).toBe(200)

    product.signal('SIGHUP')

    await product.said('certificate and keys read again')
    product.signal('SIGTERM')
    expect(await product.ended).toEqual([0, null])
  })
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}
