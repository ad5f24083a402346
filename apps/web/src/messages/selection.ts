import type { MessageSummary } from '@inforiver-mail/contract/message'

/** The messages that are selected by id, in the order in which they were; the list may have dropped their rows. */
export type Selection = ReadonlyMap<string, MessageSummary>

/** Each is changed by a request of its own. More are changed by a filter. */
export const MAX_SELECTED = 200

export function toggleSelection(selection: Selection, message: MessageSummary): Selection {
  const { id } = message
  if (selection.has(id)) return new Map([...selection].filter(([selected]) => selected !== id))
  return add(selection, [message])
}

/** Adds all rows between two of them; what is selected already stays. The last one is where the next range begins. */
export function extendSelection(
  selection: Selection,
  rows: readonly MessageSummary[],
  from: MessageSummary,
  to: MessageSummary,
): Selection {
  const start = rows.findIndex(({ id }) => id === from.id)
  const end = rows.findIndex(({ id }) => id === to.id)
  if (start === -1 || end === -1) return add(selection, [to])
  const range = rows.slice(Math.min(start, end), Math.max(start, end) + 1)
  return add(selection, start <= end ? range : range.toReversed())
}

function add(selection: Selection, messages: readonly MessageSummary[]): Selection {
  const added = new Map(messages.map((message) => [message.id, message]))
  const kept = [...selection].filter(([id]) => !added.has(id))
  return new Map([...kept, ...added].slice(0, MAX_SELECTED))
}
