/**
 * Limits a cache of `lru-cache` to this many entries. Its option `max` allocates all of them at once, which takes most of
 * a millisecond for 10,000, at every start.
 */
export function atMost(entries: number): { maxSize: number; sizeCalculation: () => number } {
  return { maxSize: entries, sizeCalculation: () => 1 }
}
