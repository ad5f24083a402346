import { beforeAll, expect, it } from 'vitest'
import { useTestDatabase } from '../test-support/test-database.ts'
import { exportAuditLog, writeAuditCsv } from './audit-export.ts'
import { createAuditStore } from './audit-store.ts'
import type { AuditEvent } from '@inforiver-mail/contract/audit'

const database = useTestDatabase()

beforeAll(async () => {
  await database.query(
    `INSERT INTO audit_events (tenant_id, at, action, outcome, details)
     SELECT 'ten_1', now() - number * interval '1 minute', 'sign-out', number::text, '{}' FROM generate_series(1, 7) AS number`,
  )
})

it.each([
  [6, 2, ['1', '2', '3', '4', '5', '6', 'cut']],
  [5, 2, ['1', '2', '3', '4', '5', 'cut']],
  [7, 2, ['1', '2', '3', '4', '5', '6', '7']],
  [8, 7, ['1', '2', '3', '4', '5', '6', '7']],
])(
  'exports of 7 events at most %i, %i for each query, and says when there are more',
  async (maxEvents, perQuery, outcomes) => {
    let text = ''
    for await (const part of exportAuditLog(createAuditStore(database.pool), 'ten_1', {}, { maxEvents, perQuery }))
      text += part

    const lines = text.trim().split('\r\n').slice(1)
    expect(lines.map((line) => line.split(',')[4])).toEqual(outcomes)
  },
)

const EVENT: AuditEvent = {
  id: 'aud_1',
  at: '2026-11-24T10:00:00.000Z',
  actor: { id: 'usr_1', name: 'Ada Admin', email: 'ada@contoso.com' },
  action: 'settings-reset',
  outcome: 'done',
  details: {},
}

async function csv(pages: readonly AuditEvent[][], maxEvents = 100): Promise<string> {
  async function* given() {
    yield* pages
  }
  let text = ''
  for await (const part of writeAuditCsv(given(), maxEvents)) text += part
  return text
}

async function lines(pages: readonly AuditEvent[][], maxEvents?: number): Promise<string[]> {
  return (await csv(pages, maxEvents)).split('\r\n')
}

it('begins with a byte order mark and the names of the columns, even without events', async () => {
  expect(await csv([[]])).toBe('\uFEFFtime,person,address,action,outcome,details\r\n')
})

it('writes an event on a line that ends in CRLF', async () => {
  const [, line] = await lines([[EVENT]])

  expect(line).toBe('2026-11-24T10:00:00.000Z,Ada Admin,ada@contoso.com,settings-reset,done,{}')
})

it.each([
  '=1+1',
  '+1',
  '-1',
  '@SUM(A1)',
  '\t1',
  '\r1',
  ' =1',
  '\u00A0=1',
  '\u200B=1',
  '\uFEFF=1',
  '\u00A0\u200B\uFEFF\u2060=1',
  '\uFF1D1',
  '\uFF201',
  '\uFE661',
])('has no spreadsheet take %j for a formula', async (name) => {
  const text = await csv([[{ ...EVENT, actor: { id: 'usr_1', name, email: 'ada@contoso.com' } }]])

  expect(text).toContain(name.startsWith('\r') ? `,"'${name}",` : `,'${name},`)
})

it.each([
  ['x;=1+1', `x;'=1+1`],
  ['x; =1+1', `x;' =1+1`],
  ['x;+1;-1;@A1', `x;'+1;'-1;'@A1`],
  ['x\t=1', `x\t'=1`],
  ['x;"=1"', `"x;'""=1"""`],
  ['x\n=1', `"x\n'=1"`],
  ['"=1"', `"'""=1"""`],
  ['"\u00A0=1', `"'""\u00A0=1"`],
  ['x;\u200B=1', `x;'\u200B=1`],
  ['x;1=1; y', 'x;1=1; y'],
])('has no spreadsheet take a part of %j for a formula when it splits at semicolons or tabs', async (outcome, cell) => {
  expect(await csv([[{ ...EVENT, outcome, details: { account: 'a;=1' } }]])).toContain(
    `,settings-reset,${cell},"{""account"":""a;'=1""}"\r\n`,
  )
})

it.each([
  ['a,b', '"a,b"'],
  ['a "b"', '"a ""b"""'],
  ['a\nb', '"a\nb"'],
  ['a\rb', '"a\rb"'],
])('quotes what would end a cell or a line: %j', async (outcome, cell) => {
  expect(await csv([[{ ...EVENT, outcome }]])).toContain(`,settings-reset,${cell},{}\r\n`)
})

it('writes details as JSON in one cell', async () => {
  const [, line] = await lines([[{ ...EVENT, details: { fromEmail: '=a@contoso.com', largeAttachments: true } }]])

  expect(line).toMatch(/,"{""fromEmail"":""=a@contoso.com"",""largeAttachments"":true}"$/)
})

it('ends at the limit, and says so on the last line', async () => {
  const found = await lines(
    [
      [EVENT, EVENT],
      [EVENT, EVENT],
    ],
    3,
  )

  expect(found).toHaveLength(1 + 3 + 1 + 1)
  expect(found[4]).toBe(
    ',,,,cut,Only the newest 3 events are in this file. Ask for an earlier period to have the others.',
  )
})
