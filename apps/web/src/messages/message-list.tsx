import { Button, makeStyles, Spinner, tokens } from '@fluentui/react-components'
import { ArrowUpRegular } from '@fluentui/react-icons/svg/arrow-up'
import type { MessageSummary } from '@inforiver-mail/contract/message'
import type { MessageFilter } from '@inforiver-mail/contract/message-list'
import { useQuery } from '@tanstack/react-query'
import { type KeyboardEvent, type ReactNode, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { messagePageQuery, useLoadError } from '../api/queries.ts'
import { useTranslate } from '../language/language.tsx'
import { beginningOf } from '../ui/days.ts'
import { countText } from '../ui/retry-question.tsx'
import { FailureBar, LiveRegion } from '../ui/notice.tsx'
import { VISUALLY_HIDDEN } from '../ui/styles.ts'
import type { ListPlace } from './message-filter.ts'
import { MessageRow, MessageRowHead, type RowPart } from './message-row.tsx'
import { extendSelection, type Selection, toggleSelection } from './selection.ts'

const useStyles = makeStyles({
  list: {
    outlineStyle: 'none', // it takes the focus for screen readers only
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalS,
    containerType: 'inline-size', // a row has one line for each kind of fact where there is room, else fewer facts
  },
  head: { display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: tokens.spacingHorizontalM, minHeight: '24px' },
  count: { margin: 0, color: tokens.colorNeutralForeground2 },
  announced: VISUALLY_HIDDEN,
  grid: {
    display: 'block',
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusXLarge,
    backgroundColor: tokens.colorNeutralBackground1,
  },
  rows: { display: 'block' },
  pages: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalM },
})

interface Props {
  filter: MessageFilter
  place: ListPlace
  onPlace: (place: ListPlace) => void
  /** The message that is shown beside the list; null for none. */
  openId: string | null
  /** Whether the list gives its place to the message. */
  hidden: boolean
  selection: Selection
  onSelection: (selection: Selection) => void
  /** Replaces the list when it has no rows. */
  empty: ReactNode
}

/** Shows one page of the messages that a filter finds, and leads to those beside it. */
export function MessageList(props: Props) {
  const { filter, place, onPlace, openId, hidden, selection, onSelection, empty } = props
  const styles = useStyles()
  const t = useTranslate()
  const list = useRef<HTMLDivElement>(null)
  const tbody = useRef<HTMLTableSectionElement>(null)
  const [activeId, setActiveId] = useState<string | null>(null)
  const [hasFocus, setHasFocus] = useState(false)
  const [lastOpenId, setLastOpenId] = useState(openId)
  if (openId !== null && openId !== lastOpenId) setLastOpenId(openId)

  const before = place.day && beginningOf(place.day, 1).toISOString()
  const query = useQuery(messagePageQuery(filter, { before, cursor: place.cursor }))
  const { data } = query
  const error = useLoadError(query)
  const isNewest = place.day === '' && place.cursor === ''
  const mayMove = isNewest && !hasFocus && selection.size === 0
  const { rows, newer, showNewer } = useCalmRows(data?.items, mayMove)
  const [firstTotal, setFirstTotal] = useState<typeof data>(undefined)
  if (firstTotal === undefined && data !== undefined) setFirstTotal(data)

  // A page that nothing newer precedes is the first one, which shows new messages.
  const isFirst = place.cursor !== '' && data?.previousCursor === null
  useEffect(() => {
    if (isFirst) onPlace({ day: '', cursor: '' })
  })
  useScrollKept(tbody, hidden)

  function press(event: KeyboardEvent): void {
    const target = event.target instanceof Element ? event.target : null
    const index = Number(target?.closest('[data-index]')?.getAttribute('data-index') ?? Number.NaN)
    const row = rows?.[index]
    if (!rows || !row || event.ctrlKey || event.metaKey || event.altKey) return
    const part: RowPart = target?.closest('[data-part]')?.getAttribute('data-part') === 'select' ? 'select' : 'open'
    if (event.key === 'Escape' && selection.size > 0) onSelection(new Map())
    else if (event.key === ' ' && part === 'open') onSelection(toggleSelection(selection, row))
    else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      const next = index + (event.key === 'ArrowDown' ? 1 : -1)
      const nextRow = rows[next]
      if (nextRow && event.shiftKey) onSelection(extendSelection(selection, rows, row, nextRow))
      tbody.current?.querySelector<HTMLElement>(`[data-index="${next}"] [data-part="${part}"]`)?.focus()
    } else return
    event.preventDefault()
  }

  function select(message: MessageSummary, isRange: boolean): void {
    const from = rows?.find(({ id }) => id === [...selection.keys()].at(-1))
    const isFound = isRange && rows && from
    onSelection(isFound ? extendSelection(selection, rows, from, message) : toggleSelection(selection, message))
  }

  /** The button that was pressed may go away, and the rows are others. */
  function showTop(): void {
    list.current?.focus({ preventScroll: true })
    if ((list.current?.getBoundingClientRect().top ?? 0) < 0) list.current?.scrollIntoView({ behavior: 'instant' })
  }

  function goTo(cursor: string): void {
    onPlace({ day: '', cursor })
    showTop()
  }

  const tabStop = rows?.some(({ id }) => id === activeId) ? activeId : rows?.[0]?.id
  return (
    <div ref={list} tabIndex={-1} className={styles.list}>
      <LiveRegion>
        {error && (
          <FailureBar error={error} onRetry={() => void query.refetch()}>
            {rows && <span>{t('ui.may-be-stale')}</span>}
          </FailureBar>
        )}
      </LiveRegion>
      {!rows && !error && <Spinner label={t('messages.loading')} labelPosition="below" />}
      {rows?.length === 0 && empty}
      {/* How many a filter finds is announced once, and so is that there are new ones: both numbers change all the time. */}
      <div className={styles.announced} aria-live="polite">
        <p>{firstTotal && countText(firstTotal.total, firstTotal.totalIsEstimate, t)}</p>
        <p>{newer > 0 && !hidden && t('messages.new-messages-announced')}</p>
      </div>
      {data && rows && rows.length > 0 && (
        <>
          <div className={styles.head}>
            <p className={styles.count}>{countText(data.total, data.totalIsEstimate, t)}</p>
            {newer > 0 && (
              <Button
                appearance="primary"
                shape="circular"
                size="small"
                icon={<ArrowUpRegular />}
                onClick={() => {
                  showNewer()
                  showTop()
                }}
              >
                {t('messages.new-messages', { count: newer })}
              </Button>
            )}
          </div>
          <table aria-label={t('shell.menu.messages')} className={styles.grid}>
            <MessageRowHead />
            {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- the keys lead from row to row */}
            <tbody
              ref={tbody}
              className={styles.rows}
              onKeyDown={press}
              onFocus={() => setHasFocus(true)}
              onBlur={() => setHasFocus(false)}
            >
              {rows.map((row, index) => (
                <MessageRow
                  key={row.id}
                  message={row}
                  index={index}
                  isTabStop={row.id === tabStop}
                  isOpen={row.id === openId}
                  takesFocus={openId === null && row.id === lastOpenId}
                  isSelected={selection.has(row.id)}
                  onActive={setActiveId}
                  onSelect={select}
                />
              ))}
            </tbody>
          </table>
        </>
      )}
      {(!isNewest || data?.nextCursor) && (
        <nav aria-label={t('messages.pages')} className={styles.pages}>
          <Button disabledFocusable={isNewest} onClick={() => goTo('')}>
            {t('messages.newest')}
          </Button>
          <Button
            disabledFocusable={isNewest || !data?.previousCursor}
            onClick={() => goTo(data?.previousCursor ?? '')}
          >
            {t('messages.newer')}
          </Button>
          <Button disabledFocusable={!data?.nextCursor} onClick={() => goTo(data?.nextCursor ?? '')}>
            {t('messages.older')}
          </Button>
        </nav>
      )}
    </div>
  )
}

/**
 * Keeps new messages from moving the rows of somebody who works with them: they wait until they are asked for.
 *
 * @param mayMove whether nobody works with the rows
 */
function useCalmRows(items: readonly MessageSummary[] | undefined, mayMove: boolean) {
  /** When the newest message that has been shown was submitted; null until there is one. */
  const [seenAt, setSeenAt] = useState<string | null>(null)
  const newest = items?.[0]?.createdAt ?? null
  if (mayMove && newest !== seenAt) setSeenAt(newest)
  const seen = items?.filter(({ createdAt }) => seenAt === null || createdAt <= seenAt)
  const newer = items && seen && seen.length > 0 ? items.length - seen.length : 0
  return { rows: newer > 0 ? seen : items, newer, showNewer: () => setSeenAt(newest) }
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
