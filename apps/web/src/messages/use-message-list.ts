import type { MessageSummary } from '@inforiver-mail/contract/message'
import type { MessageFilter } from '@inforiver-mail/contract/message-list'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { messageHeadQuery, messagePagesQuery, type PagesStart } from '../api/queries.ts'
import {
  countNewer,
  HEADROOM,
  type ListWindow,
  markBefore,
  markPages,
  type PageMarks,
  placeRows,
} from './list-window.ts'

/** Further rows are read before the screen is this close to the last one that is loaded. */
const READ_AHEAD_ROWS = 100
const NOTHING: ListWindow<MessageSummary> = { base: 0, rows: [], shift: 0 }

/** The rows that are on the screen, counted from the top of the list. */
export interface RowsOnScreen {
  readonly first: number
  readonly last: number
  /** Whether nobody works with the rows, so that new ones at the top may push the others down. */
  readonly mayMove: boolean
  readonly isScrolling: boolean
}

interface State {
  readonly start: PagesStart
  /** Where the pages that are read from `start` belong; null once they are in the window. */
  readonly startsAt: number | null
  readonly window: ListWindow<MessageSummary>
  readonly marks: PageMarks
  /** When the newest message that has been on the screen was submitted. */
  readonly seenAt: string | null
}

/** What is new at the top: how many messages, or null for more than were counted. */
interface NewMessages {
  readonly count: number | null
}

/**
 * Reads a list of any length in both directions, and keeps a few pages around what is on the screen.
 *
 * @param cursor where to begin; null for the newest message
 * @param onScreen tells which rows are on the screen; null while the list is not shown
 */
export function useMessageList(filter: MessageFilter, cursor: string | null, onScreen: () => RowsOnScreen | null) {
  const [state, setState] = useState<State>(() => ({
    start: { cursor, generation: 0 },
    startsAt: cursor === null ? 0 : HEADROOM,
    window: NOTHING,
    marks: new Map(),
    seenAt: null,
  }))
  const { start, window, marks, seenAt } = state
  const pages = useInfiniteQuery(messagePagesQuery(filter, start))
  const { data, hasNextPage, hasPreviousPage, isFetchNextPageError, isFetchPreviousPageError } = pages
  const atHead = data?.pages[0]?.previousCursor === null
  const head = useQuery({ ...messageHeadQuery(filter), enabled: data !== undefined && !atHead })

  // What was read is put into its place while it is rendered, so that no frame shows a row where it does not belong.
  const [placed, setPlaced] = useState<typeof data>(undefined)
  if (data !== undefined && data !== placed) {
    setPlaced(data)
    const screen = onScreen()
    const read = uniqueRows(data.pages)
    // At the very top nothing can scroll to keep the rows in place: new ones wait until somebody asks for them.
    const waiting = atHead && screen?.mayMove === false && screen.first === 0 ? (countNewer(read, seenAt) ?? 0) : 0
    const rows = read.slice(waiting)
    const previous = state.startsAt === null ? window : { ...NOTHING, base: state.startsAt }
    const fixed = screen?.mayMove === true ? null : (screen?.first ?? previous.base)
    const next = placeRows({ previous, rows, atHead, fixed })
    const readPages = data.pages.map(({ items }, index) => ({
      cursor: (data.pageParams[index] as string | null | undefined) ?? null,
      length: items.length - (index === 0 ? waiting : 0),
    }))
    const isSeen = atHead && (seenAt === null || screen?.mayMove === true)
    setState({
      start,
      startsAt: null,
      window: next,
      marks: markPages(marks, next, readPages),
      seenAt: isSeen ? (rows[0]?.createdAt ?? seenAt) : seenAt,
    })
  }
  const newest = head.data?.items
  const [firstNewest] = newest ?? []
  if (seenAt === null && !atHead && firstNewest) setState({ ...state, seenAt: firstNewest.createdAt })

  useEffect(() => look())

  /** Reads what the screen is about to need. */
  function look(): void {
    const screen = onScreen()
    if (!screen || data === undefined || state.startsAt !== null) return
    const [top] = window.rows
    if (atHead && screen.first === 0 && top && top.createdAt > (seenAt ?? ''))
      setState({ ...state, seenAt: top.createdAt })
    if (pages.isFetchingNextPage || pages.isFetchingPreviousPage) return
    const readsNewer = hasPreviousPage && !isFetchPreviousPageError
    const below = window.base + window.rows.length - screen.last
    const above = screen.first - window.base
    const dropped = window.base - screen.last
    if (dropped > 0 && !screen.isScrolling) beginAt(screen.first)
    // Whoever holds a key would wait for page after page: what comes into sight meanwhile is read at once.
    else if (dropped > READ_AHEAD_ROWS) beginAt(Math.max(0, screen.first - READ_AHEAD_ROWS))
    else if (hasNextPage && !isFetchNextPageError && below < READ_AHEAD_ROWS && below <= above)
      void pages.fetchNextPage()
    else if (readsNewer && above < READ_AHEAD_ROWS) void pages.fetchPreviousPage()
    else if (hasNextPage && !isFetchNextPageError && below < READ_AHEAD_ROWS) void pages.fetchNextPage()
  }

  /** Begins anew where rows are on the screen that have been dropped. */
  function beginAt(row: number): void {
    const mark = markBefore(marks, row)
    if (mark) begin(mark.cursor, mark.base)
    else void pages.fetchPreviousPage()
  }

  function begin(from: string | null, startsAt: number): void {
    setState({ ...state, start: { cursor: from, generation: start.generation + 1 }, startsAt })
  }

  return {
    window,
    pages,
    total: data?.pages.at(-1),
    newMessages: newMessagesOf(atHead ? uniqueRows(data?.pages ?? []) : (newest ?? []), seenAt),
    /** Shows the newest message. */
    beginAtHead: () => {
      const rows = uniqueRows(data?.pages ?? [])
      if (atHead) setState({ ...state, window: { base: 0, rows, shift: 0 }, seenAt: rows[0]?.createdAt ?? null })
      else setState({ ...state, start: { cursor: null, generation: start.generation + 1 }, startsAt: 0, seenAt: null })
    },
  }
}

function newMessagesOf(newest: readonly MessageSummary[], seenAt: string | null): NewMessages | null {
  if (seenAt === null || newest.length === 0) return null
  const count = countNewer(newest, seenAt)
  return count === 0 ? null : { count }
}

/** A message that moves between two pages while they are read may be on both. */
function uniqueRows(pages: readonly { readonly items: readonly MessageSummary[] }[]): MessageSummary[] {
  return [...new Map(pages.flatMap(({ items }) => items).map((row) => [row.id, row])).values()]
}
