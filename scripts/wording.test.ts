import { expect, it } from 'vitest'
import { DELIVERY_SENTENCES } from '../apps/api/src/delivery-sentences.ts'
import { deServer } from '../apps/web/src/language/de-server.ts'
import { FAULTS } from '../packages/contract/src/fault-text.ts'
import { SENTENCES } from '../packages/m365/src/sentences.ts'

const ENGLISH: Readonly<Record<string, string>> = Object.fromEntries([
  ...Object.entries({ ...SENTENCES, ...DELIVERY_SENTENCES }).map(([name, text]) => [`server.${name}`, text]),
  ...Object.entries(FAULTS).map(([code, text]) => [`server.fault.${code}`, text]),
])

it('has a German sentence for each that the server can name, and for no other', () => {
  expect(Object.keys(deServer).sort()).toEqual(Object.keys(ENGLISH).sort())
})

it('fills into a German sentence only what the English one is filled with', () => {
  const others = Object.entries(deServer).flatMap(([name, text]) => {
    const known = new Set(namesIn(ENGLISH[name] ?? ''))
    return namesIn(text).flatMap((value) => (known.has(value) ? [] : [`${name}: ${value}`]))
  })
  expect(others).toEqual([])
})

/** The values of a text, as `{name}` or `{name, …`. */
function namesIn(text: string): string[] {
  return [...text.matchAll(/\{(\w+)[,}]/g)].map(([, name = '']) => name)
}
