import { expect, it } from 'vitest'
import { compareMaps, compareRepository } from './map.mjs'

const LONG = { path: 'apps/api/src/long.ts', lines: 61 }
const SHORT = { path: 'apps/api/src/short.ts', lines: 60 }

it('names the file of more than 60 lines that is on no map', () => {
  expect(compareMaps({ maps: ['see `other.ts`'], sources: [LONG, SHORT], exists: () => true }).missing).toEqual([
    LONG.path,
  ])
})

it('names the entry whose file is gone', () => {
  const maps = [`- \`${LONG.path}\` — does much`, '- `scripts/gone.mjs` — did something']
  expect(compareMaps({ maps, sources: [LONG], exists: (path) => path === LONG.path })).toEqual({
    missing: [],
    gone: ['scripts/gone.mjs'],
  })
})

it('takes the names in the README.md of a folder for its entries', () => {
  const folder = 'apps/api/src/test-support'
  const folderMaps = [{ folder, text: 'a ground (`ground.ts`), and `gone.ts`' }]
  const sources = ['ground.ts', 'other.ts'].map((name) => ({ path: `${folder}/${name}`, lines: 61 }))
  expect(compareMaps({ maps: [], folderMaps, sources, exists: (path) => !path.endsWith('/gone.ts') })).toEqual({
    missing: [`${folder}/other.ts`],
    gone: [`${folder}/gone.ts`],
  })
})

it('has every source file of more than 60 lines on a map, and every file that a map names', () => {
  expect(compareRepository()).toEqual({ missing: [], gone: [] })
})
