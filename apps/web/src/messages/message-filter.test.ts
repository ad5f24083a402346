import { expect, it } from 'vitest'
import { english, german } from '../test-support/languages.ts'
import {
  entryOf,
  ignoredParameters,
  isTooShort,
  pillsOf,
  readPageFilter,
  readPlace,
  toApiFilter,
  writeAddress,
} from './message-filter.ts'

const read = (search: string) => readPageFilter(new URLSearchParams(search))

it('reads from an address what it has written there', () => {
  const search =
    'search=q3&status=failed&service=reports&problem=gave-up&delivery=failed&recipient=a%40b.example&subject=Q3&reference=42&from=2026-11-24&to=2026-11-25&possibleDuplicate=true&failedFrom=2026-11-24T10%3A00%3A00.000Z&day=2026-11-24&cursor=eyJhdCI6MX0'

  const place = readPlace(new URLSearchParams(search))
  expect(new URLSearchParams(writeAddress(read(search), place))).toEqual(new URLSearchParams(search))
})

it.each([
  '',
  'status=FAILED',
  'from=2026-02-30',
  'possibleDuplicate=no',
  'search=+',
  'order=oldest',
  'failedFrom=today',
])('takes the address %j for no filter', (search) => expect(toApiFilter(read(search))).toEqual({}))

it('asks the API for whole days, in the time of the reader', () => {
  expect(toApiFilter(read('from=2026-11-24&to=2026-11-24'))).toEqual({
    submittedFrom: new Date(2026, 10, 24).toISOString(),
    submittedTo: new Date(2026, 10, 25).toISOString(),
  })
})

it('applies a text with the spaces within it, and without those around it', () => {
  const draft = { ...read(''), subject: ' Q3 figures ', fromDay: '2026-11-24' }
  expect(entryOf('subject', draft, english)).toEqual({ subject: 'Q3 figures' })
  expect(entryOf('possibleDuplicate', draft, english)).toEqual({ possibleDuplicate: false })
  expect(entryOf('days', draft, english)).toEqual({ fromDay: '2026-11-24', toDay: '' })
})

it.each([
  ['English', english, ' tenant SETTINGS ', 'Service: Tenant Settings'],
  ['German', german, 'mandanteneinstellungen', 'Dienst: Mandanteneinstellungen'],
] as const)('finds test mails by the name that their service has in %s', (...[, t, typed, pill]) => {
  const chosen = { ...read(''), ...entryOf('service', { ...read(''), service: typed }, t) }
  expect(toApiFilter(chosen)).toEqual({ service: 'tenant-settings' })
  expect(pillsOf(chosen, t)).toMatchObject([{ kind: 'service', text: pill }])
})

it('does not search for too few characters', () => {
  expect(isTooShort(read('search=q3'))).toBe(true)
  expect(isTooShort(read('search='))).toBe(false)
  expect(toApiFilter(read('search=q3&status=sent'))).toEqual({ status: 'sent' })
})

it.each([
  ['status=failed&day=2026-11-24&possibleDuplicate=false', []],
  ['status=FAILED&delivery=failed', ['status=FAILED']],
  ['from=2026-02-30&possibleDuplicate=no&order=oldest', ['from=2026-02-30', 'possibleDuplicate=no', 'order=oldest']],
  ['status=&search=+', []],
])('names what it ignores of %j', (search, ignored) => {
  expect(ignoredParameters(new URLSearchParams(search))).toEqual(ignored)
})
