import { spawnSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
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

it('keeps all lines of a turn for a reader that is slow, and drops them for one that takes nothing', async () => {
  let taken = ''
  let busyFor = 1
  const output = createOutput(1, (_descriptor, bytes, from) => {
    if (busyFor-- > 0) throw Object.assign(new Error('busy'), { code: 'EAGAIN' })
    busyFor = 1
    const piece = bytes.subarray(from, from + 10)
    taken += piece.toString()
    return piece.length
  })
  const lines = Array.from({ length: 15 }, (_, n) => `line ${n + 10}\n`)

  for (const line of lines) output.write(line)
  await nextTurn()
  expect(taken).toBe(lines.join(''))

  busyFor = Infinity
  output.write('lost\n')
  await nextTurn()
  busyFor = 0
  output.write('later\n')
  await nextTurn()
  expect(taken).toBe(`${lines.join('')}later\n`)
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
