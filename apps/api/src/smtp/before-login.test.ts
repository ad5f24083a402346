import { expect, it } from 'vitest'
import { findDisplaced } from './connection-places.ts'

/** Lets connections in by their names, which begin with the letter of their network; returns who goes for each. */
function enterAll(
  names: readonly string[],
  limits = { places: 6, perNetwork: 4 },
  waiting = new Map<string, string>(),
) {
  return names.map((name) => {
    const displaced = findDisplaced(waiting, name.charAt(0), limits)
    if (displaced !== null) waiting.delete(displaced)
    waiting.set(name, name.charAt(0))
    return displaced
  })
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
    [null, null, null, null, null, null, 'b1', 'a1', 'a2', 'a3'],
  ],
])('displaces %s', (_what, names, expected) => {
  expect(enterAll(names)).toEqual(expected)
})

it('never displaces the only one of a network while another has more', () => {
  const others = Array.from({ length: 100 }, (_, count) => `a${count + 1}`)
  const displaced = enterAll(['b1', ...others, 'c1'], { places: 5, perNetwork: 4 })

  expect(displaced).not.toContain('b1')
  expect(displaced.at(-1)).toMatch(/^a/)
})
