import type { MessagePriority } from '@inforiver-mail/contract/message'

// The order in which the priorities of one mailbox leave, one message after the other. The claim picks by the same rule
// in SQL, several messages at a time.

export type PerPriority<Value> = Readonly<Record<MessagePriority, Value>>

/** How many messages have left while one of the priority waited, since the last of that priority left. */
export interface Passed {
  readonly normal: number
  readonly low: number
}

/** After 8 others, one of the lower priority leaves: a ninth of the mail, a tenth at worst. */
const PASSED_AT_MOST = 8
/** What a priority is owed does not grow beyond this. */
const OWED_AT_MOST = PASSED_AT_MOST + 1

/**
 * Yields the priority of each message that leaves a mailbox in which `waiting` messages wait and no others come.
 *
 * High goes before normal before low, but of any ten messages one is of each lower priority that waits. A high one
 * that has just come does not wait for both shares: after a normal one it goes before the low one.
 */
export function* leavingOrder(waiting: PerPriority<number>, passed: Passed): Generator<MessagePriority, void> {
  let { high, normal, low } = waiting
  let { normal: normalPassed, low: lowPassed } = passed
  while (high + normal + low > 0) {
    const isLowOwed = lowPassed >= PASSED_AT_MOST + (high > 0 && normalPassed === 0 ? 1 : 0)
    const next =
      low > 0 && isLowOwed
        ? 'low'
        : normal > 0 && normalPassed >= PASSED_AT_MOST
          ? 'normal'
          : high > 0
            ? 'high'
            : normal > 0
              ? 'normal'
              : 'low'
    normalPassed = normal > 0 ? passedAfter(normalPassed, next === 'normal') : 0
    lowPassed = low > 0 ? passedAfter(lowPassed, next === 'low') : 0
    yield next
    if (next === 'high') high -= 1
    else if (next === 'normal') normal -= 1
    else low -= 1
  }
}

function passedAfter(passed: number, isItsTurn: boolean): number {
  const counted = passed + 1 - (isItsTurn ? PASSED_AT_MOST + 1 : 0)
  return Math.min(OWED_AT_MOST, Math.max(0, counted))
}
