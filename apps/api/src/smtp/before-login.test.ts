import { expect, it } from 'vitest'
import { createBeforeLogin } from './connection-places.ts'

/** Lets connections in by their names, which begin with the letter of their network; returns who goes for each. */
function enterAll(names: readonly string[], limits = { places: 6, perNetwork: 4 }) {
  const room = createBeforeLogin<string>(limits)
  return { room, displaced: names.map((name) => room.enter(name, name.charAt(0))) }
}

it.each<[string, string[], (string | null)[]]>([
  ['nobody while there is room', ['a1', 'b1', 'a2', 'a3'], [null, null, null, null]],
  [
    'the oldest of a network that has all it may',
    ['a1', 'b1', 'a2', 'a3', 'a4', 'a5'],
    [null, null, null, null, null, 'a1'],
  ],
  [
    'the oldest of whoever has the most, once all places are taken',
    ['b1', 'a1', 'a2', 'a3', 'b2', 'b3', 'a4', 'c1', 'c2', 'c3'],
    [null, null, null, null, null, null, 'b1', 'a1', 'a2', 'b2'],
  ],
])('displaces %s', (_what, names, expected) => {
  expect(enterAll(names).displaced).toEqual(expected)
})

it('never displaces the only one of a network while another has more', () => {
  const { room } = enterAll(['b1', 'a1', 'a2', 'a3', 'a4'], { places: 5, perNetwork: 4 })
  const displaced = Array.from({ length: 100 }, (_, count) => room.enter(`a${count + 5}`, 'a'))

  expect(displaced).not.toContain('b1')
  expect(room.enter('c1', 'c')).toMatch(/^a/)
})

it('has room again for as many as have left', () => {
  const { room } = enterAll(['a1', 'a2', 'a3', 'a4'])
  room.leave('a1')
  room.leave('a1')

  expect(room.enter('a5', 'a')).toBeNull()
  expect(room.enter('a6', 'a')).toBe('a2')
})
