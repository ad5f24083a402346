/** What one fault at a time may touch. */
export interface Locks {
  /** False, and nothing is done, where another holds one of them. */
  run(names: readonly string[], task: () => Promise<void>): Promise<boolean>
}

export function createLocks(): Locks {
  const held = new Set<string>()
  return {
    async run(names, task) {
      if (names.some((name) => held.has(name))) return false
      for (const name of names) held.add(name)
      try {
        await task()
      } finally {
        for (const name of names) held.delete(name)
      }
      return true
    },
  }
}
