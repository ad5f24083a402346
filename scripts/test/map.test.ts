import { expect, it } from 'vitest'
import { compareMap, compareRepository } from './map.mjs'

const ROOM = 'apps/api/src/queue/'

it('names the room that is not on the map, or has no head file there', () => {
  const rooms = [ROOM, 'apps/api/src/audit/']
  expect(compareMap({ map: `- \`${ROOM}\` — owns the messages`, rooms, exists: () => true }).missing).toEqual(rooms)
})

it('names the room, the head file and the path of a document that are gone', () => {
  const map = `- \`${ROOM}\` — claims: \`claim.ts\`; ended: \`gone.ts\`\n- \`scripts/gone/\` — did something: \`gone.mjs\``
  const exists = (path: string) => [ROOM, `${ROOM}claim.ts`].includes(path)
  expect(compareMap({ map, documents: ['see `deploy/gone.sh`'], rooms: [ROOM], exists })).toEqual({
    missing: [],
    gone: ['scripts/gone/', `${ROOM}gone.ts`, 'scripts/gone/gone.mjs', 'deploy/gone.sh'],
  })
})

it('has every room on the map with its head files, and every file that a document names', () => {
  expect(compareRepository()).toEqual({ missing: [], gone: [] })
})
