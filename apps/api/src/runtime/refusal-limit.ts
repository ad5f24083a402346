const WINDOW_MS = 60_000
const LINES_PER_CLIENT = 5
/** The most lines about a code, over all clients. */
const LINES_PER_CODE = 100

/**
 * Limits the log lines about refusals, which anybody can cause at will: per minute each client gets a few lines of each
 * code, and the rest is counted.
 */
export function createRefusalLimit(report: (omitted: { readonly code: string; readonly count: number }) => void) {
  /** Counts refusals by `code`, and by `code client`. */
  let counts = new Map<string, number>()
  let omitted = new Map<string, number>()
  let timer: NodeJS.Timeout | null = null

  /** Reports what got no line in this minute, and starts the next one. */
  function endWindow(): void {
    for (const [code, count] of omitted) report({ code, count })
    counts = new Map()
    omitted = new Map()
    if (timer) clearTimeout(timer)
    timer = null
  }

  function count(subject: string): number {
    const counted = (counts.get(subject) ?? 0) + 1
    counts.set(subject, counted)
    return counted
  }

  return {
    /** Whether this refusal gets a line of its own. */
    allows(code: string, client: string): boolean {
      timer ??= setTimeout(endWindow, WINDOW_MS).unref()
      // Clients are counted only while lines are left, which bounds the size of the map.
      if ((counts.get(code) ?? 0) < LINES_PER_CODE && count(`${code} ${client}`) <= LINES_PER_CLIENT) {
        count(code)
        return true
      }
      omitted.set(code, (omitted.get(code) ?? 0) + 1)
      return false
    },
    endWindow,
  }
}
