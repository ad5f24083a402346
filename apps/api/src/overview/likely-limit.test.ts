import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { type ExternalLimit, measureExternalRecipients } from './likely-limit.ts'

const USED = 'inforiver_mail_external_recipients'
const LIMIT = 'inforiver_mail_external_recipients_likely_limit'

/** Scrapes once for each answer. */
async function scrape(...answers: readonly (ExternalLimit | Error)[]) {
  const registry = new Registry()
  let reads = 0
  measureExternalRecipients(registry, async () => {
    const answer = answers[reads++]
    if (answer === undefined || answer instanceof Error) throw answer ?? new Error('It was read too often.')
    return answer
  })
  const shown = []
  for (const _ of answers) shown.push((await registry.metrics()).split('\n').filter((line) => /^\w/.test(line)))
  return { shown, reads }
}

it('shows both figures of a scrape from one reading', async () => {
  const { shown, reads } = await scrape({ used: 3, likelyLimit: 100 }, { used: 4, likelyLimit: 200 })

  expect(shown).toEqual([
    [`${USED} 3`, `${LIMIT} 100`],
    [`${USED} 4`, `${LIMIT} 200`],
  ])
  expect(reads).toBe(2)
})

it('shows no figure that is not known, such as while the database is away', async () => {
  const known = { used: 3, likelyLimit: 100 }
  const { shown } = await scrape(known, new Error('away'), { ...known, likelyLimit: null })

  expect(shown).toEqual([[`${USED} 3`, `${LIMIT} 100`], [], [`${USED} 3`]])
})
