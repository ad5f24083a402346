import { expect, it } from 'vitest'
import { shownAddress, splitAtLinks } from './links-in-text.ts'

it('separates an address from the full stop after it', () => {
  expect(splitAtLinks('Open https://entra.microsoft.com/#apps. Then try again.')).toEqual([
    'Open ',
    'https://entra.microsoft.com/#apps',
    '. Then try again.',
  ])
})

it('separates every address from the brackets around it', () => {
  expect(
    splitAtLinks('First the centre (https://a.example), then https://b.example/c (https://d.example/?e=1).'),
  ).toEqual([
    'First the centre (',
    'https://a.example',
    '), then ',
    'https://b.example/c',
    ' (',
    'https://d.example/?e=1',
    ').',
  ])
})

it('keeps the query in the address', () => {
  expect(splitAtLinks('Ask at https://a.example/b?largeAttachments=true, once')).toContain(
    'https://a.example/b?largeAttachments=true',
  )
})

it.each(['Ask an administrator.', 'javascript:alert(1)', 'https://', 'https://.'])('finds no address in %j', (text) => {
  expect(splitAtLinks(text)).toEqual([text])
})

it.each([
  ['https://entra.microsoft.com', 'https://entra.microsoft.com'],
  ['https://login.microsoftonline.com/error?code=50173', 'https://login.microsoftonline.com/error?code=50173'],
  [
    'https://login.microsoftonline.com/organizations/adminconsent?client_id=11111111-2222-3333-4444-555555555555',
    'login.microsoftonline.com/organizations/adminconsent',
  ],
  [
    'https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0/adminconsent?scope=Mail.Send',
    'login.microsoftonline.com/1111…55555555555/v2.0/adminconsent',
  ],
])('shows %s as %s', (address, shown) => {
  expect(shownAddress(address)).toBe(shown)
})
