import type { History, Line, StatusRead, Violation } from './history.ts'

const ENDED = new Set(['sent', 'failed', 'cancelled'])

/** A submitted message is found by every process as soon as it is answered. */
export function submittedIsFound(history: History): Violation[] {
  const submits = new Map(history.submits.map((submit) => [submit.message, submit]))
  return history.reads.flatMap(({ message, found, askedAt, line }) => {
    const submit = submits.get(message)
    if (found || !submit || submit.outcome !== 'accepted' || askedAt < submit.answeredAt) return []
    return { rule: 'what was submitted is found', text: `${message} was not found`, lines: [submit.line, line] }
  })
}

/** A read requested after another was answered never reports an earlier state. */
export function statusNeverGoesBack(history: History): Violation[] {
  const found = history.reads.filter((read) => read.found)
  return [...Map.groupBy(found, ({ message }) => message).values()].flatMap((reads) => {
    const byQuestion = reads.toSorted((one, other) => one.askedAt - other.askedAt)
    const byAnswer = reads.toSorted((one, other) => one.answeredAt - other.answeredAt)
    const known: { ended: Line<StatusRead> | null; flagged: Line<StatusRead> | null } = { ended: null, flagged: null }
    let next = 0
    for (const read of byQuestion) {
      for (let before = byAnswer[next]; before && before.answeredAt <= read.askedAt; before = byAnswer[next]) {
        if (before !== read && ENDED.has(before.status ?? '')) known.ended ??= before
        if (before !== read && before.possibleDuplicate) known.flagged ??= before
        next += 1
      }
      const { ended, flagged } = known
      if (ended && ended.status !== read.status) return [describe(ended, read, `${ended.status} became ${read.status}`)]
      if (flagged && !read.possibleDuplicate) return [describe(flagged, read, 'the flag of a possible duplicate went')]
    }
    return []
  })
}

export function cancelledStaysCancelled(history: History): Violation[] {
  const reads = Map.groupBy(history.reads, ({ message }) => message)
  return history.cancels
    .filter(({ outcome }) => outcome === 'cancelled')
    .flatMap((cancel) => {
      const other = reads
        .get(cancel.message)
        ?.find((read) => read.askedAt >= cancel.answeredAt && read.found && read.status !== 'cancelled')
      return other
        ? [
            {
              rule: 'what was cancelled is read as cancelled',
              text: `${cancel.message} was cancelled, and then ${other.status}`,
              lines: [cancel.line, other.line],
            },
          ]
        : []
    })
}

function describe(before: Line<StatusRead>, after: Line<StatusRead>, change: string): Violation {
  return {
    rule: 'a status never goes back',
    text: `${before.message}: ${change}`,
    lines: [before.line, after.line],
  }
}
