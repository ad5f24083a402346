import Fastify from 'fastify'
import { expect, it } from 'vitest'
import { readLanguage, sendPage } from './html.ts'

it.each([
  [undefined, 'en'],
  ['de-AT,de;q=0.9,en;q=0.8', 'de'],
  ['fr;q=1, EN;q=0.5, de;q=0.7', 'de'],
  ['en-GB,en,de;q=0.9', 'en'],
  ['de;q=0, *;q=0.5', 'en'],
  ['de;q=high,,;', 'en'],
])('speaks to a browser that accepts %j: %s', (header, language) => {
  expect(readLanguage(header)).toBe(language)
})

it('says which texts of a page are only there in English', async () => {
  const app = Fastify()
  app.get('/', (_request, reply) =>
    sendPage(reply, 200, {
      title: { en: 'Done', de: 'Fertig' },
      paragraphs: ['The mailbox <b>.', { en: 'Bye.', de: 'Bis bald.' }],
    }),
  )
  const { body } = await app.inject({ url: '/', headers: { 'accept-language': 'de' } })
  expect(body).toContain('<html lang="de">')
  expect(body).toContain('<h1>Fertig</h1>\n<p lang="en">The mailbox &lt;b&gt;.</p>\n<p>Bis bald.</p>')
})

it('gives the script that words a page in the chosen language its texts, and what they are worded from', async () => {
  const app = Fastify()
  const texts = {
    title: { en: 'No "<b>"', part: 'title' },
    paragraphs: [{ en: 'Bye.', de: 'Bis bald.' }],
    values: { title: 'refused.title', quote: '<script>' },
  } as const
  app.get('/', (_request, reply) => sendPage(reply, 403, texts))
  const { body } = await app.inject({ url: '/', headers: { 'accept-language': 'de' } })
  expect(body).toContain('<script src="/plain-page-language.js" defer></script>')
  expect(body).toContain('<h1 lang="en">No &quot;&lt;b&gt;&quot;</h1>\n<p>Bis bald.</p>')
  const [, json = ''] = /<main data-texts="([^"]*)">/.exec(body) ?? []
  expect(json).not.toMatch(/[<>]/)
  const read = json.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
  expect(JSON.parse(read)).toEqual({ ...texts, items: [], note: null, link: null, command: null })
})
