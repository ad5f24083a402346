import { Registry } from 'prom-client'
import { beforeEach, expect, it } from 'vitest'
import { measureSealedValues } from './reseal.ts'

let registry: Registry
let counts: Record<string, number>
let away: boolean

beforeEach(() => {
  registry = new Registry()
  counts = { old: 3 }
  away = false
  measureSealedValues(registry, {
    async count() {
      if (away) throw new Error('The database is away.')
      return new Map(Object.entries(counts))
    },
  })
})

async function lines(): Promise<string[]> {
  return (await registry.metrics()).split('\n').filter((line) => line.startsWith('inforiver_mail_sealed_values'))
}

it('shows how many values each key seals, and drops a key that seals none', async () => {
  expect(await lines()).toEqual(['inforiver_mail_sealed_values{kid="old"} 3'])

  counts = { new: 3 }

  expect(await lines()).toEqual(['inforiver_mail_sealed_values{kid="new"} 3'])
})

it('shows nothing while the database is away, and counts again at the next scrape', async () => {
  away = true
  expect(await lines()).toEqual([])

  away = false

  expect(await lines()).toEqual(['inforiver_mail_sealed_values{kid="old"} 3'])
})
