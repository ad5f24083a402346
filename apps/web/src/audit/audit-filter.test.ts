import { describe, expect, it } from 'vitest'
import { type PageFilter, toApiFilter, readPageFilter, writePageFilter } from './audit-filter.ts'

const NOTHING: PageFilter = { fromDay: '', toDay: '', person: '', action: null }

describe('the filter in the address', () => {
  it('is written and read back unchanged', () => {
    const pageFilter: PageFilter = { fromDay: '2026-11-01', toDay: '2026-11-24', person: 'ada', action: 'sign-in' }

    expect(writePageFilter(pageFilter)).toEqual({
      from: '2026-11-01',
      to: '2026-11-24',
      person: 'ada',
      action: 'sign-in',
    })
    expect(readPageFilter(new URLSearchParams(writePageFilter(pageFilter)))).toEqual(pageFilter)
  })

  it('is empty when nothing is chosen', () => {
    expect(writePageFilter(NOTHING)).toEqual({})
    expect(readPageFilter(new URLSearchParams())).toEqual(NOTHING)
  })

  it.each(['from=yesterday', 'from=2026-02-30', 'to=2026-13-01', 'from=0000-01-01', 'action=nothing', 'person=%20'])(
    'ignores %s, which is not valid',
    (search) => {
      expect(readPageFilter(new URLSearchParams(search))).toEqual(NOTHING)
    },
  )

  it('cuts a name to the length that the API accepts', () => {
    expect(readPageFilter(new URLSearchParams({ person: 'a'.repeat(300) })).person).toHaveLength(254)
  })
})

describe('toApiFilter', () => {
  it('covers both days as a whole, in the time zone of the reader', () => {
    expect(toApiFilter({ ...NOTHING, fromDay: '2026-11-23', toDay: '2026-11-24' })).toEqual({
      from: new Date(2026, 10, 23).toISOString(),
      to: new Date(2026, 10, 25).toISOString(),
    })
  })

  it('asks for everything when nothing is chosen', () => {
    expect(toApiFilter(NOTHING)).toEqual({})
  })
})
