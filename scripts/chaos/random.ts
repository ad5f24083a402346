import { createChance } from '../../apps/api/src/test-support/chance.ts'

/** A seeded source of randomness: the same seed gives the same draws. */
export interface Random {
  /** Returns a whole number from `min` to `max`, both included. */
  between(min: number, max: number): number
  chance(probability: number): boolean
  pick<Item>(items: readonly [Item, ...Item[]]): Item
}

export function createRandom(seed: number): Random {
  const draw = createChance(seed)
  return {
    between: (min, max) => min + Math.floor(draw() * (max - min + 1)),
    chance: (probability) => draw() < probability,
    pick: (items) => items[Math.floor(draw() * items.length)] ?? items[0],
  }
}
