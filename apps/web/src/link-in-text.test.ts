import { expect, it } from 'vitest'
import { linkInText } from './link-in-text.ts'

it('finds the address in a sentence and leaves its full stop outside', () => {
  expect(linkInText('Open https://entra.microsoft.com/#apps. Then try again.')).toEqual({
    before: 'Open ',
    url: 'https://entra.microsoft.com/#apps',
    after: '. Then try again.',
  })
})

it('keeps the query of an address', () => {
  expect(linkInText('Ask at https://a.example/b?largeAttachments=true, once')?.url).toBe(
    'https://a.example/b?largeAttachments=true',
  )
})

it.each(['Ask an administrator.', 'javascript:alert(1)', 'https://'])('finds no address in %j', (text) => {
  expect(linkInText(text)).toBeNull()
})
