/** A linear congruential generator of numbers from 0 to 1, exclusive. The same seed repeats the same numbers. */
export function createChance(seed: number): () => number {
  let state = Math.imul(seed, 2_654_435_761) >>> 0 // neighbouring seeds would begin with similar numbers
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
