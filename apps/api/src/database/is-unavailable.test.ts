import { expect, it } from 'vitest'
import { answerWasLost, isUnavailable, outageOf } from './is-unavailable.ts'

const TOO_FEW_VALUES = 'bind message supplies 3 parameters, but prepared statement "" requires 4'

it.each([
  ['a refused connection', Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })],
  ['a server that shuts down', Object.assign(new Error('terminating connection'), { code: '57P01' })],
  ['a broken connection', new Error('Connection terminated unexpectedly')],
  ['no free connection', new Error('timeout exceeded when trying to connect')],
])('recognises %s', (_name, error) => {
  expect(isUnavailable(error)).toBe(true)
})

it('finds the code in a chain of causes', () => {
  const inner = Object.assign(new Error('reset'), { code: 'ECONNRESET' })

  expect(isUnavailable(new Error('outer', { cause: new Error('middle', { cause: inner }) }))).toBe(true)
})

it('finds the code in the driver error that Prisma wraps', () => {
  const inner = Object.assign(new Error('reset'), { code: 'ECONNRESET' })
  const error = Object.assign(new Error('prisma'), { code: 'P2010', meta: { driverAdapterError: inner } })

  expect(isUnavailable(error)).toBe(true)
})

it.each([
  new Error('Something else'),
  Object.assign(new Error('duplicate key'), { code: '23505' }),
  Object.assign(new Error('unique'), { code: 'P2002' }),
  Object.assign(new Error(TOO_FEW_VALUES), { code: '08P01', routine: 'exec_bind_message' }),
  Object.assign(new Error('prisma'), {
    code: 'P2010',
    meta: { driverAdapterError: { cause: { originalCode: '08P01', code: '08P01', message: TOO_FEW_VALUES } } },
  }),
  'ECONNREFUSED',
  null,
])('does not take %o for an outage', (error) => {
  expect(isUnavailable(error)).toBe(false)
})

it('terminates on circular causes', () => {
  const error = new Error('circle')
  error.cause = error

  expect(isUnavailable(error)).toBe(false)
})

it.each([
  ['a connection that broke', { code: 'ECONNRESET' }, true],
  ['a connection that the system gave up', { code: 'ECONNABORTED', syscall: 'read' }, true],
  ['a network that went down', { code: 'ENETDOWN', syscall: 'write' }, true],
  ['a network that a connection did not reach', { code: 'ENETUNREACH', syscall: 'connect' }, false],
  ['a pooler that lost the server', { code: '08P01', severity: 'FATAL', routine: undefined }, true],
  ['an older pooler that lost it', { code: '08P01', severity: 'ERROR', routine: undefined }, true],
  ['a pooler that lost it, as Prisma tells', { originalCode: '08P01', severity: 'ERROR' }, true],
  ['a statement with too few values', { code: '08P01', severity: 'ERROR', routine: 'exec_bind_message' }, false],
  ['a refused connection', { code: 'ECONNREFUSED' }, false],
  ['a full disk', { code: '53100' }, false],
])('knows whether a statement may have been carried out after %s', (_name, facts, wasLost) => {
  expect(answerWasLost(Object.assign(new Error('failed'), facts))).toBe(wasLost)
})

it.each([
  ['53100', 'database-full'],
  ['25006', 'database-read-only'],
  ['57P01', 'database-away'],
  ['53300', 'database-away'],
  ['55P03', 'database-away'],
  ['28P01', 'database-refuses'],
  ['28000', 'database-refuses'],
  ['42501', 'database-refuses'],
  ['23505', null],
])('names the code %s: %s', (code, text) => {
  expect(outageOf(Object.assign(new Error('refused'), { code }))).toBe(text)
})
