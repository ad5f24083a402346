import { expect, it } from 'vitest'
import { answerWasLost, isUnavailable, outageOf } from './is-unavailable.ts'

const TOO_FEW_VALUES = 'bind message supplies 3 parameters, but prepared statement "" requires 4'

const failed = (facts: object, message = 'failed') => Object.assign(new Error(message), facts)
const RESET = failed({ code: 'ECONNRESET' })
const CIRCLE = new Error('circle')
CIRCLE.cause = CIRCLE
const BIND = { originalCode: '08P01', code: '08P01', message: TOO_FEW_VALUES }

it.each([
  ['a refused connection', failed({ code: 'ECONNREFUSED' }), true],
  ['a server that shuts down', failed({ code: '57P01' }), true],
  ['a broken connection', new Error('Connection terminated unexpectedly'), true],
  ['no free connection', new Error('timeout exceeded when trying to connect'), true],
  ['a cause of a cause', new Error('outer', { cause: new Error('middle', { cause: RESET }) }), true],
  ['what Prisma wraps', failed({ code: 'P2010', meta: { driverAdapterError: RESET } }), true],
  ['another error', new Error('Something else'), false],
  ['a duplicate key', failed({ code: '23505' }), false],
  ['a duplicate key, as Prisma tells', failed({ code: 'P2002' }), false],
  ['a wrong statement', failed({ code: '08P01', routine: 'exec_bind_message' }, TOO_FEW_VALUES), false],
  ['one that Prisma wraps', failed({ code: 'P2010', meta: { driverAdapterError: { cause: BIND } } }), false],
  ['a text', 'ECONNREFUSED', false],
  ['nothing', null, false],
  ['an error that is its own cause', CIRCLE, false],
])('tells an outage from anything else: %s', (_name, error, expected) => {
  expect(isUnavailable(error)).toBe(expected)
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
  expect(answerWasLost(failed(facts))).toBe(wasLost)
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
  expect(outageOf(failed({ code }))).toBe(text)
})
