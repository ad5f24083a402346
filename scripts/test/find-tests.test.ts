import { expect, it } from 'vitest'
import { findTests } from './find-tests.mjs'

const FILES = [
  'apps/api/src/http/page.test.ts',
  'apps/api/src/http/page.ts',
  'apps/api/src/messages/first-page.test.ts',
  'apps/api/src/queue/outcomes.test.ts',
  'apps/web/src/pages/retryDelay.test.ts',
]

it.each([
  ['part of a name', 'outc', ['apps/api/src/queue/outcomes.test.ts']],
  ['a path', 'apps/api/src/queue/outcomes.test.ts', ['apps/api/src/queue/outcomes.test.ts']],
  ['a path that begins with ./', './apps/api/src/queue/outcomes.test.ts', ['apps/api/src/queue/outcomes.test.ts']],
  [
    'a path as Windows writes it',
    '.\\apps\\api\\src\\queue\\outcomes.test.ts',
    ['apps/api/src/queue/outcomes.test.ts'],
  ],
  ['a folder', 'http/', ['apps/api/src/http/page.test.ts']],
  ['the end of a path', 'queue/out', ['apps/api/src/queue/outcomes.test.ts']],
  ['a whole name, and not those that contain it', 'page', ['apps/api/src/http/page.test.ts']],
  ['part of several names', 'pag', ['apps/api/src/http/page.test.ts', 'apps/api/src/messages/first-page.test.ts']],
  ['a name in another case', 'RETRYdelay', ['apps/web/src/pages/retryDelay.test.ts']],
])('finds tests by %s', (_by, name, files) => {
  expect(findTests(FILES, '.test.ts', name)).toEqual({ files })
})

it.each([
  ['no name', undefined, 'Name a test file, or a part of its name.'],
  ['an option in its place', '--watch', 'Name a test file, or a part of its name.'],
  ['a name that no test has', 'nothing', 'No test file has “nothing” in its name.'],
  ['a name that only a folder has', 'messages', 'No test file has “messages” in its name.'],
])('refuses %s with a sentence', (_what, name, fault) => {
  expect(findTests(FILES, '.test.ts', name)).toEqual({ fault })
})
