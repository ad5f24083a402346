import { MAX_EXACT_TOTAL } from '@inforiver-mail/contract/message-list'
import { expect, it } from 'vitest'
import { english, german } from '../test-support/languages.ts'
import { countText } from './count-text.ts'

it.each([
  [1, false, '1 message', '1 Nachricht'],
  [MAX_EXACT_TOTAL, false, '10,000 messages', '10.000 Nachrichten'],
  [12_000, true, 'about 12,000 messages', 'etwa 12.000 Nachrichten'],
])('says how many messages there are: %i, estimated: %s', (count, isEstimate, inEnglish, inGerman) => {
  expect(countText(count, isEstimate, english)).toBe(inEnglish)
  expect(countText(count, isEstimate, german)).toBe(inGerman)
})

it('names no number where counting ended before the last message', () => {
  expect(countText(MAX_EXACT_TOTAL + 1, true, english)).toBe('more than 10,000 messages')
  expect(countText(MAX_EXACT_TOTAL + 1, true, german)).toBe('mehr als 10.000 Nachrichten')
})
