/** Reserves named resources, each for one fault at a time. */
export interface Locks {
  /** Runs the task while holding all names. Returns false without running it when one of them is held. */
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
