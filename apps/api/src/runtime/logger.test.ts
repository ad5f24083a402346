import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { createLogger, createOutput } from './logger.ts'

interface LogLine {
  readonly level: string
  readonly msg: string
  readonly err: { readonly type: string; readonly code?: string; readonly message?: string; readonly stack?: string }
}

function logged(error: unknown): LogLine {
  const lines: string[] = []
  createLogger('trace', { write: (line: string) => lines.push(line) }).error({ err: error }, 'failed')
  return JSON.parse(lines.join('')) as LogLine
}

it('logs type, code, message and stack of an error', () => {
  const error = Object.assign(new TypeError('It broke.'), { code: 'E_BROKEN' })

  expect(logged(error)).toMatchObject({
    level: 'error',
    msg: 'failed',
    err: {
      type: 'TypeError',
      code: 'E_BROKEN',
      message: 'It broke.',
      stack: expect.stringContaining('logger.test.ts'),
    },
  })
})

it('logs neither causes nor other properties, which contain requests and parameters', () => {
  const error = Object.assign(new Error('It broke.', { cause: new Error('a-secret') }), {
    config: { headers: { authorization: 'a-secret' } },
    parameters: ['a-secret'],
    detail: 'a-secret',
  })

  expect(JSON.stringify(logged(error))).not.toContain('a-secret')
})

it('cuts URLs at their query', () => {
  const { err } = logged(new Error('Reply was already sent in "/auth/microsoft/callback?code=a-secret&state=x" (GET)?'))

  expect(err.message).toBe('Reply was already sent in "/auth/microsoft/callback?" (GET)?')
  expect(err.stack).not.toContain('a-secret')
})

it.each(['a-secret', { token: 'a-secret' }, null])('logs only the type of %j, thrown instead of an error', (thrown) => {
  expect(logged(thrown).err).toEqual({ type: typeof thrown })
})

it.runIf(process.platform === 'linux')('drops lines that cannot be written because the disk is full', async () => {
  const fullDisk = openSync('/dev/full', 'w')
  const logger = createLogger('info', createOutput(fullDisk))

  logger.info('lost')

  await expect(nextTurn()).resolves.toBeUndefined() // they are written there
  closeSync(fullDisk)
})

describe('for a reader', () => {
  const busy = () => Object.assign(new Error('busy'), { code: 'EAGAIN' })

  it('that is slow keeps all lines', async () => {
    let taken = ''
    let takesNext = false
    const output = createOutput(1, (_descriptor, bytes, from) => {
      takesNext = !takesNext
      if (!takesNext) throw busy()
      const piece = bytes.subarray(from, from + 10)
      taken += piece.toString()
      return piece.length
    })
    const lines = Array.from({ length: 15 }, (_, n) => `line ${n + 10}\n`)

    for (const line of lines) output.write(line)

    await expect.poll(() => taken).toBe(lines.join(''))
  })

  it('that stands still does not wait, keeps a bounded part, and says how much is missing', async () => {
    let tries = 0
    let stands = true
    let taken = ''
    const output = createOutput(1, (_descriptor, bytes, from) => {
      tries += 1
      if (stands) throw busy()
      taken += bytes.subarray(from).toString()
      return bytes.length - from
    })
    const line = `${'x'.repeat(1023)}\n`
    const mib = 1024

    output.write('first\n')
    await nextTurn()
    const triesOfATurn = tries
    for (let written = 0; written < 3 * mib; written++) output.write(line)
    stands = false
    await expect.poll(() => taken).toBe(`first\n${line.repeat(mib)}`)
    output.write('later\n')
    await nextTurn()

    expect(triesOfATurn).toBe(1)
    expect(taken.slice(-200)).toMatch(
      /x\n\{"level":"warn","time":"[^"]+","msg":"2048 lines of the log were dropped[^"]+"\}\nlater\n$/,
    )
  })

  it.runIf(process.platform === 'linux')('that never reads does not hold up the process, nor its end', async () => {
    const logger = fileURLToPath(new URL('logger.ts', import.meta.url))
    const program = `import { createLogger } from ${JSON.stringify(logger)}
      const logger = createLogger('info')
      for (let line = 0; line < 5_000; line++) logger.info('x'.repeat(1_000))
      setImmediate(() => { console.error('goes on'); process.exit(3) })`
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const [said] = (await once(child.stderr, 'data')) as [Buffer]

    expect(said.toString()).toContain('goes on')
    expect(await once(child, 'exit')).toEqual([3, null])
    child.stdout.destroy()
  })
})

it('writes lines in their order, the last of a process that exits too', () => {
  const logger = fileURLToPath(new URL('logger.ts', import.meta.url))
  const program = `import { createLogger } from ${JSON.stringify(logger)}
    const logger = createLogger('info')
    logger.info('first')
    setImmediate(() => { logger.info('second'); logger.info('last'); process.exit(1) })`

  const { stdout, status } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
  })

  expect(status).toBe(1)
  expect(stdout.match(/(?<="msg":")\w+/g)).toEqual(['first', 'second', 'last'])
})
