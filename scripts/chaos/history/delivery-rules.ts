import { deliveriesByMessage, finalReads, type History, type Violation } from './history.ts'

const ENDED = new Set(['sent', 'failed', 'cancelled'])
/** The only failure that a delivered message may report. */
const OUTCOME_UNKNOWN = 'outcome-unknown'

/** An accepted message is delivered at least once, or ends with a reason. */
export function deliveredOrEnded(history: History): Violation[] {
  const rule = 'accepted means delivered, or ended with a reason'
  const deliveries = deliveriesByMessage(history)
  const finals = finalReads(history)
  return history.submits
    .filter(({ outcome }) => outcome === 'accepted')
    .flatMap(({ message, line, mayWait }) => {
      const final = finals.get(message)
      if (!final?.found) return { rule, text: `${message} was not found in the end`, lines: [line, ...lineOf(final)] }
      const isDelivered = deliveries.has(message)
      const { status, problem } = final
      const lines = [line, final.line]
      if (status === 'sent' && !isDelivered) return { rule, text: `${message} is lost: sent, and not delivered`, lines }
      if (status === 'failed' && problem === null) return { rule, text: `${message} failed without a reason`, lines }
      if (!ENDED.has(status ?? '') && !mayWait) return { rule, text: `${message} is still ${status}`, lines }
      return []
    })
}

/** A service resubmits what was plainly refused, so a delivered message must not report that. */
export function deliveredIsNotRefused(history: History): Violation[] {
  const finals = finalReads(history)
  return [...deliveriesByMessage(history)].flatMap(([message, delivered]) => {
    const final = finals.get(message)
    if (final?.status !== 'failed' || final.problem === OUTCOME_UNKNOWN) return []
    return {
      rule: 'a failure that was delivered says that its outcome is unknown',
      text: `${message} failed as ${final.problem}, and was delivered`,
      lines: [...delivered.map(({ line }) => line), final.line],
    }
  })
}

/** A duplicate is flagged, and never happens when the message asked to stop or the mailbox can be searched. */
export function doubledIsFlagged(history: History): Violation[] {
  const finals = finalReads(history)
  const submits = new Map(history.submits.map((submit) => [submit.message, submit]))
  const searchable = new Set(history.run.tenants.filter((each) => each.searchable).map(({ tenant }) => tenant))
  return [...deliveriesByMessage(history)]
    .filter(([, delivered]) => delivered.length > 1)
    .flatMap(([message, delivered]): Violation | [] => {
      const final = finals.get(message)
      const submit = submits.get(message)
      const lines = [...lineOf(submit), ...delivered.map(({ line }) => line), ...lineOf(final)]
      const times = `${message} was delivered ${delivered.length} times`
      if (submit?.onUnknownOutcome === 'stop')
        return { rule: 'stop never sends twice', text: `${times}, though it asked to stop`, lines }
      if (submit && searchable.has(submit.tenant))
        return { rule: 'a mailbox that can be searched gets nothing twice', text: times, lines }
      if (final?.found && !final.possibleDuplicate)
        return { rule: 'delivered twice means flagged', text: `${times}, and is not flagged`, lines }
      return []
    })
}

export function cancelledIsNotDelivered(history: History): Violation[] {
  const finals = finalReads(history)
  const cancelled = Map.groupBy(
    history.cancels.filter(({ outcome }) => outcome === 'cancelled'),
    ({ message }) => message,
  )
  return [...deliveriesByMessage(history)].flatMap(([message, delivered]) => {
    const final = finals.get(message)
    const answers = cancelled.get(message) ?? []
    if (answers.length === 0 && final?.status !== 'cancelled') return []
    return {
      rule: 'cancelled means not delivered',
      text: `${message} was cancelled, and delivered`,
      lines: [...answers.map(({ line }) => line), ...delivered.map(({ line }) => line), ...lineOf(final)],
    }
  })
}

/** One idempotency key makes one message, however often the request is repeated. */
export function oneIdForOneKey(history: History): Violation[] {
  return history.submits
    .filter(({ ids }) => new Set(ids).size > 1)
    .map(({ message, ids, line }) => ({
      rule: 'one Idempotency-Key makes one message',
      text: `${message} became ${ids.join(' and ')}`,
      lines: [line],
    }))
}

/** Scheduled messages leave on time by this host's clock, which the database shares. */
export function notBeforeItsTime(history: History): Violation[] {
  const deliveries = deliveriesByMessage(history)
  return history.submits.flatMap(({ message, sendAt, line }) => {
    const [first] = deliveries.get(message) ?? []
    if (sendAt === null || first === undefined || first.begunAt >= sendAt) return []
    return {
      rule: 'scheduled mail leaves no sooner than it should',
      text: `${message} left ${sendAt - first.begunAt} ms early`,
      lines: [line, first.line],
    }
  })
}

function lineOf(line: { readonly line: number } | undefined): number[] {
  return line ? [line.line] : []
}
