import { Button, makeStyles, Spinner, tokens } from '@fluentui/react-components'
import { ArrowUpRegular } from '@fluentui/react-icons/svg/arrow-up'
import type { MessageSummary } from '@inforiver-mail/contract/message'
import type { MessageFilter } from '@inforiver-mail/contract/message-list'
import { defaultRangeExtractor, type Range, useWindowVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, type ReactNode, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { useLoadError } from '../api/queries.ts'
import { useTranslate } from '../language/language.tsx'
import { countText } from '../ui/retry-question.tsx'
import { FailureBar, LiveRegion } from '../ui/notice.tsx'
import { VISUALLY_HIDDEN } from '../ui/styles.ts'
import { EmptyRow, MessageRow, MessageRowHead, NARROW, ROW_PX, type RowPart } from './message-row.tsx'
import { extendSelection, type Selection, toggleSelection } from './selection.ts'
import { useMessageList } from './use-message-list.ts'

const RENDERED_BESIDES = 10

const useStyles = makeStyles({
  list: {
    outlineStyle: 'none', // it takes the focus for screen readers only
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalS,
    containerType: 'inline-size', // a row has one line for each kind of fact where there is room, else fewer facts
  },
  count: { margin: 0, color: tokens.colorNeutralForeground2, minHeight: '24px' },
  announced: VISUALLY_HIDDEN,
  newMessages: {
    position: 'sticky',
    top: tokens.spacingVerticalS,
    zIndex: 2,
    alignSelf: 'center',
    // Over the line of the count, so that the rows stay where they are when its button comes.
    height: '24px',
    marginBottom: `calc(-24px - ${tokens.spacingVerticalS})`,
    [NARROW]: { alignSelf: 'flex-end' },
  },
  grid: {
    display: 'block',
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusXLarge,
    backgroundColor: tokens.colorNeutralBackground1,
    overflowAnchor: 'none', // the list itself keeps the rows in place
  },
  rows: { display: 'block', position: 'relative' },
})

interface Props {
  filter: MessageFilter
  /** Where the list begins; null for the newest message. */
  cursor: string | null
  /** The message that is shown beside the list; null for none. */
  openId: string | null
  /** Whether the list gives its place to the message. */
  hidden: boolean
  selection: Selection
  onSelection: (selection: Selection) => void
  /** Shows the newest message although the list begins elsewhere. */
  onNewest: () => void
  /** Replaces the list when it has no rows. */
  empty: ReactNode
}

/** Shows any number of messages, of which only those on the screen are in the document. */
export function MessageList(props: Props) {
  const { filter, cursor, openId, hidden, selection, onSelection, onNewest, empty } = props
  const styles = useStyles()
  const t = useTranslate()
  const listElement = useRef<HTMLDivElement>(null)
  const rowsElement = useRef<HTMLTableSectionElement>(null)
  const isScrolling = useRef(false)
  const [margin, setMargin] = useState(0)
  const [activeId, setActiveId] = useState<string | null>(null)
  const [lastOpenId, setLastOpenId] = useState(openId)
  if (openId !== null && openId !== lastOpenId) setLastOpenId(openId)

  const {
    window: placed,
    pages,
    total,
    newMessages,
    beginAtHead,
  } = useMessageList(filter, cursor, () => {
    const element = rowsElement.current
    if (hidden || !element) return null
    const { top } = element.getBoundingClientRect()
    const first = Math.max(0, Math.floor(-top / ROW_PX))
    return {
      first,
      last: Math.max(first, Math.floor((window.innerHeight - top) / ROW_PX)),
      mayMove: first === 0 && selection.size === 0 && !element.contains(document.activeElement),
      isScrolling: isScrolling.current,
    }
  })
  const [firstTotal, setFirstTotal] = useState(total)
  if (firstTotal === undefined && total !== undefined) setFirstTotal(total)
  const { base, rows } = placed
  const placeOf = (id: string | null) => (id === null ? -1 : base + rows.findIndex((row) => row.id === id))

  // oxlint-disable-next-line react/incompatible-library -- nothing compiles the page, so nothing memoizes what it returns
  const virtualizer = useWindowVirtualizer({
    count: base + rows.length,
    estimateSize: () => ROW_PX,
    overscan: RENDERED_BESIDES,
    scrollMargin: margin,
    getItemKey: (index) => rows[index - base]?.id ?? index,
    // The row that has the focus stays, and so does that of the message that was opened, to which the focus returns.
    rangeExtractor: (range: Range) => {
      const kept = [placeOf(activeId), placeOf(lastOpenId)].filter((index) => index >= base)
      return [...new Set([...defaultRangeExtractor(range), ...kept])].toSorted((one, other) => one - other)
    },
  })

  useLayoutEffect(() => {
    isScrolling.current = virtualizer.isScrolling
  }, [virtualizer.isScrolling])

  // A document that becomes shorter ends the smooth scroll of a key such as Home on its way, so it waits for its end.
  const rowsHeight = virtualizer.getTotalSize()
  const [keptHeight, setKeptHeight] = useState(rowsHeight)
  const height = virtualizer.isScrolling ? Math.max(rowsHeight, keptHeight) : rowsHeight
  if (height !== keptHeight) setKeptHeight(height)

  const hasRows = rows.length > 0
  useLayoutEffect(() => {
    const element = rowsElement.current
    if (!element || hidden) return undefined
    const measure = () => setMargin(Math.round(element.getBoundingClientRect().top + window.scrollY))
    measure()
    // Whatever comes and goes above the list moves it.
    const observer = new ResizeObserver(measure)
    observer.observe(document.body)
    return () => observer.disconnect()
  }, [hidden, hasRows])

  const shifted = useRef(placed)
  useLayoutEffect(() => {
    if (shifted.current === placed) return
    shifted.current = placed
    if (placed.shift !== 0 && !hidden) window.scrollBy({ top: placed.shift * ROW_PX, behavior: 'instant' })
  }, [placed, hidden])

  useScrollKept(rowsElement, hidden)
  useStart(rowsElement, cursor, base, hasRows)

  function focusRow(index: number, part: RowPart): void {
    const element = rowsElement.current?.querySelector<HTMLElement>(`[data-index="${index}"] [data-part="${part}"]`)
    element?.focus()
  }

  function press(event: KeyboardEvent): void {
    const target = event.target instanceof Element ? event.target : null
    const index = Number(target?.closest('[data-index]')?.getAttribute('data-index') ?? Number.NaN)
    const row = rows[index - base]
    if (!row || event.ctrlKey || event.metaKey || event.altKey) return
    const part: RowPart = target?.closest('[data-part]')?.getAttribute('data-part') === 'select' ? 'select' : 'open'
    if (event.key === 'Escape' && selection.size > 0) onSelection(new Map())
    else if (event.key === ' ' && part === 'open') onSelection(toggleSelection(selection, row))
    else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      const next = index + (event.key === 'ArrowDown' ? 1 : -1)
      const nextRow = rows[next - base]
      if (nextRow && event.shiftKey) onSelection(extendSelection(selection, rows, row, nextRow))
      focusRow(next, part)
    } else return
    event.preventDefault()
  }

  const first = virtualizer.range?.startIndex ?? 0
  const tabStop = placeOf(activeId) >= base && activeId !== null ? placeOf(activeId) : Math.max(first, base)
  const error = useLoadError(pages)
  const isEmpty = pages.data !== undefined && rows.length === 0 && base === 0
  return (
    <div ref={listElement} tabIndex={-1} className={styles.list}>
      <LiveRegion>
        {error && (
          <FailureBar error={error} onRetry={() => void retry()}>
            {hasRows && <span>{t('messages.may-have-changed')}</span>}
          </FailureBar>
        )}
      </LiveRegion>
      {pages.isPending && rows.length === 0 && !error && (
        <Spinner label={t('messages.loading')} labelPosition="below" />
      )}
      {isEmpty && empty}
      {/* How many a filter finds is announced once, and so is that there are new ones: both numbers change all the time. */}
      <div className={styles.announced} aria-live="polite">
        <p>{firstTotal && countText(firstTotal.total, firstTotal.totalIsEstimate, t)}</p>
        <p>{newMessages && !hidden && t('messages.new-messages-announced')}</p>
      </div>
      <div className={styles.newMessages}>
        {newMessages && !hidden && (
          <Button appearance="primary" shape="circular" size="small" icon={<ArrowUpRegular />} onClick={showNewest}>
            {t('messages.new-messages', {
              count: newMessages.count ?? 0,
              isMany: newMessages.count === null ? 'yes' : 'no',
            })}
          </Button>
        )}
      </div>
      {hasRows && (
        <>
          <p className={styles.count}>{total && countText(total.total, total.totalIsEstimate, t)}</p>
          <table
            aria-label={t('messages.title')}
            aria-rowcount={total && !total.totalIsEstimate ? Math.max(total.total, base + rows.length) + 1 : -1}
            className={styles.grid}
          >
            <MessageRowHead />
            {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- the keys lead from row to row */}
            <tbody ref={rowsElement} className={styles.rows} style={{ height: `${height}px` }} onKeyDown={press}>
              {virtualizer.getVirtualItems().map(({ key, index, start }) => {
                const row = rows[index - base]
                const offset = start - margin
                if (!row) return <EmptyRow key={key} offset={offset} />
                return (
                  <MessageRow
                    key={key}
                    message={row}
                    index={index}
                    offset={offset}
                    isTabStop={index === tabStop}
                    isOpen={row.id === openId}
                    takesFocus={openId === null && row.id === lastOpenId}
                    isSelected={selection.has(row.id)}
                    onActive={setActiveId}
                    onSelect={select}
                  />
                )
              })}
            </tbody>
          </table>
          {/* Whoever has scrolled to the end does not see the failure above the first row. It was announced there. */}
          {error && pages.hasNextPage && (
            <FailureBar error={error} onRetry={() => void retry()}>
              <span>{t('messages.more-not-read')}</span>
            </FailureBar>
          )}
        </>
      )}
    </div>
  )

  function select(message: MessageSummary, isRange: boolean): void {
    const from = rows.find(({ id }) => id === [...selection.keys()].at(-1))
    onSelection(isRange && from ? extendSelection(selection, rows, from, message) : toggleSelection(selection, message))
  }

  function showNewest(): void {
    const top = rowsElement.current?.getBoundingClientRect().top ?? 0
    if (top < 0) window.scrollTo({ top: 0, behavior: 'instant' })
    listElement.current?.focus({ preventScroll: true }) // the button goes away
    if (cursor === null) beginAtHead()
    else onNewest()
  }

  async function retry(): Promise<void> {
    if (pages.isFetchNextPageError) await pages.fetchNextPage()
    else if (pages.isFetchPreviousPageError) await pages.fetchPreviousPage()
    else await pages.refetch()
  }
}

/** Comes back to the same rows when the list is shown again. */
function useScrollKept(element: { readonly current: HTMLElement | null }, hidden: boolean): void {
  const kept = useRef<number | null>(null)
  useLayoutEffect(() => {
    if (hidden) return undefined
    const list = element.current
    if (kept.current !== null && list) {
      window.scrollTo({ top: list.getBoundingClientRect().top + window.scrollY + kept.current, behavior: 'instant' })
    }
    const keep = () => {
      const shown = element.current
      if (shown?.checkVisibility()) kept.current = -shown.getBoundingClientRect().top
    }
    window.addEventListener('scroll', keep, { passive: true })
    return () => window.removeEventListener('scroll', keep)
  }, [hidden, element])
}

/** Scrolls to the row at which the list begins, once it is there. */
function useStart(
  element: { readonly current: HTMLElement | null },
  cursor: string | null,
  base: number,
  isThere: boolean,
): void {
  const done = useRef(cursor === null)
  useEffect(() => {
    const list = element.current
    if (done.current || !isThere || !list) return
    done.current = true
    // The message before the cursor is the first one of the day.
    const top = list.getBoundingClientRect().top + window.scrollY + (base - 1) * ROW_PX
    window.scrollTo({ top, behavior: 'instant' })
  })
}
