import { randomUUID } from 'node:crypto'

const MAX_TOKENS = 2_000

/** How far a client has read an inbox. */
export interface InboxPosition {
  readonly mailbox: string
  readonly select: readonly string[] | null
  readonly expand: readonly string[]
  readonly sinceMs: number
  /** The ids of what was listed. */
  readonly listed: ReadonlySet<string>
}

export type InboxPositions = ReturnType<typeof createInboxPositions>

/** The tokens of change tracking. They are not kept across a restart. */
export function createInboxPositions() {
  const positions = new Map<string, InboxPosition>()
  return {
    /** Returns the token. */
    add(position: InboxPosition): string {
      const token = `${randomUUID()}==`
      positions.set(token, position)
      if (positions.size > MAX_TOKENS) positions.delete(positions.keys().next().value ?? '')
      return token
    },
    find: (token: string): InboxPosition | undefined => positions.get(token),
    /** Ends all tokens, as Exchange does at times. */
    expire: (): void => positions.clear(),
  }
}
