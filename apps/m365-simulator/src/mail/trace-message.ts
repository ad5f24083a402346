import { randomUUID } from 'node:crypto'
import { pickMs } from '../faults/settings.ts'
import type { Simulation } from '../simulation/simulation.ts'
import type { DeliveryOutcome, TraceRow } from '../tenant/trace-row.ts'
import type { StoredMessage } from '../tenant/message.ts'

/** Notes a message in the trace, with a row for each recipient and for each member of a list. */
export function traceMessage(
  message: StoredMessage,
  outcomes: readonly { readonly address: string; readonly outcome: DeliveryOutcome }[],
  outcomeOf: (address: string) => DeliveryOutcome,
  { settings, traces, clock }: Pick<Simulation, 'settings' | 'traces' | 'clock'>,
): void {
  const receivedMs = clock().getTime()
  const { traceMessageId, traceDelayMs, tracePendingMs } = settings.current
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
  traces.add(
    outcomes.flatMap(({ address, outcome }) => [
      rowOf(settings.current.traceAddresses[address.toLowerCase()] ?? address, outcome, false),
      ...outcome.members.map((member) => rowOf(member, outcomeOf(member), true)),
    ]),
  )
}
