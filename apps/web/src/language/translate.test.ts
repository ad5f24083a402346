import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { expect, it } from 'vitest'
import { english, german } from '../test-support/languages.ts'
import type { TextId } from './catalogue.ts'
import { createTranslate } from './translate.ts'

const texts = {
  plain: "It isn't filled in.",
  counted: '{count, plural, one {# message waits} other {# messages wait}}',
  linked: 'Read <link>the <b>manual</b></link>, {name}.',
}
const t = createTranslate({ language: 'en', locale: 'en-GB', catalogue: texts })
const id = (key: keyof typeof texts) => key as string as TextId

it('fills values into a text, with numbers in the language', () => {
  expect([t(id('plain')), t(id('counted'), { count: 1 }), t(id('counted'), { count: 12_000 })]).toEqual([
    "It isn't filled in.",
    '1 message waits',
    '12,000 messages wait',
  ])
})

it('puts elements around and into a text', () => {
  const element = t.rich(id('linked'), {
    link: (content) => createElement('a', { href: '/docs' }, content),
    b: (content) => createElement('b', null, content),
    name: createElement('i', null, 'Ada'),
  })
  expect(renderToStaticMarkup(element)).toBe('Read <a href="/docs">the <b>manual</b></a>, <i>Ada</i>.')
})

it('has no text for an id that it does not know, or whose value is missing', () => {
  expect([t.known('of-a-newer-server'), t.known('counted', {}), t.known('counted', { count: 2 })]).toEqual([
    null,
    null,
    '2 messages wait',
  ])
})

it.each([
  [english, '12,000.5', '27 November 2026', 'a, b and c'],
  [german, '12.000,5', '27. November 2026', 'a, b und c'],
])('formats numbers, days and lists in the language %#', (t, number, day, list) => {
  expect([t.number(12_000.5), t.time(new Date(2026, 10, 27, 12), 'day'), t.list(['a', 'b', 'c'])]).toEqual([
    number,
    day,
    list,
  ])
})
