import { expect, it } from 'vitest'
import { english, german } from '../test-support/languages.ts'
import { limitsValues, readValues } from './limits-draft.ts'

it('keeps the domains of limits that are read after somebody has begun to type', () => {
  const entered = { licences: '250' }
  expect(limitsValues(undefined, entered)).toEqual({ licences: '250', domains: '' })
  const read = { licences: 100, internalDomains: ['contoso.com', 'fabrikam.com'] }
  expect(limitsValues(read, entered)).toEqual({ licences: '250', domains: 'contoso.com\nfabrikam.com' })
})

it('reads what is entered about licenses and domains, and says what is wrong', () => {
  expect(readValues({ licences: ' 250 ', domains: 'Contoso.com, eu.contoso.com' }, english).input).toEqual({
    licences: 250,
    internalDomains: ['contoso.com', 'eu.contoso.com'],
  })
  expect(readValues(limitsValues({ licences: null, internalDomains: [] }, {}), english).input).toEqual({
    licences: null,
    internalDomains: [],
  })
  expect(readValues({ licences: '1.5', domains: 'contoso.com a@b' }, german)).toEqual({
    input: null,
    licencesFault: 'Geben Sie eine ganze Zahl von 0 bis 10.000.000 ein, oder nichts.',
    domainsFault: 'a@b: Nur eine Domäne, zum Beispiel contoso.com.',
  })
})
