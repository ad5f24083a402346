import { randomUUID } from 'node:crypto'
import { pickMs, type SettingsHolder } from '../faults/settings.ts'
import { createSlidingWindow } from './traffic.ts'
import type { DeliveryOutcome, StoredMessage, TraceRow } from '../tenant/message.ts'
import type { Store } from '../tenant/store.ts'

const PERIOD_MS = 5 * 60_000

/** The message trace of the tenant, and the requests that were made for it, of which only the rows survive a restart. */
export function createTraceLog(store: Pick<Store, 'state' | 'commit'>, settings: SettingsHolder, clock: () => Date) {
  let requests = 0
  let recent = createSlidingWindow(PERIOD_MS)

  return {
    /** Newest first, as far as the trace shows them. */
    visible(): readonly TraceRow[] {
      const now = clock().getTime()
      return store.state.traced.filter(({ visibleMs }) => visibleMs <= now).toReversed()
    },
    /** Notes a message, with a row for each recipient and for each member of a list. */
    note(
      message: StoredMessage,
      outcomes: readonly { readonly address: string; readonly outcome: DeliveryOutcome }[],
      outcomeOf: (address: string) => DeliveryOutcome,
    ): void {
      const receivedMs = clock().getTime()
      const { traceMessageId, traceDelayMs, tracePendingMs, traceAddresses } = settings.current
      const shared = {
        id: randomUUID(),
        senderAddress: message.from.address,
        messageId: traceMessageId === 'kept' ? message.internetMessageId : `<${randomUUID()}@exchange.example>`,
        receivedMs,
        subject: message.subject,
        size: 20_000 + message.body.content.length,
      }
      const rowOf = (recipientAddress: string, outcome: DeliveryOutcome, isMember: boolean): TraceRow => {
        const visibleMs = receivedMs + pickMs(traceDelayMs)
        const settledMs = visibleMs + pickMs(tracePendingMs)
        return { ...shared, recipientAddress, outcome, isMember, visibleMs, settledMs }
      }
      const rows = outcomes.flatMap(({ address, outcome }) => [
        rowOf(traceAddresses[address.toLowerCase()] ?? address, outcome, false),
        ...outcome.members.map((member) => rowOf(member, outcomeOf(member), true)),
      ])
      store.commit({ type: 'message-traced', rows })
    },
    /** Counts a request. Returns how many were made in the 5 minutes that end now. */
    count(): number {
      requests += 1
      return recent.add(1, clock().getTime())
    },
    /** How many requests were made, and the most in any 5 minutes. */
    report: () => ({ requests, maxPer5Minutes: recent.most(), rows: store.state.traced.length }),
    reset(): void {
      requests = 0
      recent = createSlidingWindow(PERIOD_MS)
    },
  }
}
