import { makeStyles, mergeClasses, tokens, typographyStyles } from '@fluentui/react-components'
import { MessageId } from '@inforiver-mail/contract/message'
import { exportMessages } from '@inforiver-mail/contract/message-list'
import { type KeyboardEvent, type ReactNode, useState } from 'react'
import { useLocation, useSearchParams } from 'wouter'
import { requestFor } from '../api/call.ts'
import { queryOf } from '../api/queries.ts'
import { useTranslate } from '../language/language.tsx'
import { PAGES } from '../routes.ts'
import { DownloadButton } from '../ui/download-button.tsx'
import { Notice } from '../ui/notice.tsx'
import { Page, PageIntro, PageLink } from '../ui/page.tsx'
import { Paragraph, Surface } from '../ui/layout.tsx'
import { useMedia } from '../ui/use-media.ts'
import { BulkActions, SelectionBar } from './message-actions.tsx'
import { FilterBar } from './filter-bar.tsx'
import { MessageDetails, MessageGone } from './message-details.tsx'
import {
  ignoredParameters,
  type ListPlace,
  type PageFilter,
  readPageFilter,
  readPlace,
  toApiFilter,
  writeAddress,
} from './message-filter.ts'
import { MessageList } from './message-list.tsx'
import type { Selection } from './selection.ts'

/** In a window this wide, a message is shown beside the list. */
const BOTH = '(min-width: 1100px)'

const useStyles = makeStyles({
  both: {
    display: 'grid',
    gridTemplateColumns: 'minmax(0, 1fr) minmax(0, 1fr)',
    gap: tokens.spacingHorizontalXL,
    alignItems: 'start',
  },
  list: { minWidth: 0, display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalL },
  hidden: { display: 'none' },
  heading: { ...typographyStyles.subtitle1, margin: 0 },
  details: {
    boxSizing: 'border-box',
    position: 'sticky',
    top: tokens.spacingVerticalM,
    maxHeight: `calc(100vh - 2 * ${tokens.spacingVerticalM})`,
    overflowY: 'auto',
    padding: '2px', // room for the line around what has the focus
  },
  actions: { display: 'flex', flexWrap: 'wrap', alignItems: 'flex-start', gap: tokens.spacingHorizontalM },
})

/** Lists the messages of all services, and shows one of them beside the list or, where there is no room, instead of it. */
export function MessagesPage({ id = null }: { id?: string | null }) {
  const styles = useStyles()
  const t = useTranslate()
  const [search, setSearch] = useSearchParams()
  const [, navigate] = useLocation()
  const isWide = useMedia(BOTH)
  const pageFilter = readPageFilter(search)
  const place = readPlace(search)
  const ignored = ignoredParameters(search)
  const filter = toApiFilter(pageFilter)
  const [selection, setSelection] = useState<Selection>(new Map())
  const openId = id !== null && MessageId.safeParse(id).success ? id : null
  const isListHidden = id !== null && !isWide
  const toList = `${PAGES.messages}${search.size > 0 ? `?${search}` : ''}`
  const filterKey = JSON.stringify(filter)

  function change(changes: Partial<PageFilter>): void {
    const stays = { day: readPlace(search).day, cursor: '' }
    setSearch((current) => writeAddress({ ...readPageFilter(current), ...changes }, stays), {
      // Typing on is no further step of the history; every other choice is one of its own.
      replace: pageFilter.search !== '' && Object.keys(changes).every((name) => name === 'search'),
    })
  }

  function show(shown: ListPlace): void {
    setSearch((current) => writeAddress(readPageFilter(current), shown))
  }

  function closeOnEscape(event: KeyboardEvent): void {
    if (event.key !== 'Escape' || event.defaultPrevented || id === null) return
    // A dialog, a filter and a list of choices are closed alone; a field is cleared.
    const target = event.target instanceof Element ? event.target : null
    if (!target?.closest('dialog, form, select, input:not([type="checkbox"])')) navigate(toList)
  }

  // What is selected may not be in another list.
  const [selectedIn, setSelectedIn] = useState(filterKey)
  if (selectedIn !== filterKey) {
    setSelectedIn(filterKey)
    setSelection(new Map())
  }

  return (
    <Page width="wide">
      {/* oxlint-disable-next-line jsx-a11y/no-static-element-interactions -- Escape closes the message from anywhere in the page */}
      <div className={mergeClasses(id !== null && isWide && styles.both)} onKeyDown={closeOnEscape}>
        <div className={mergeClasses(styles.list, isListHidden && styles.hidden)}>
          {id === null ? (
            <PageIntro title={t('shell.menu.messages')}>{t('messages.intro')}</PageIntro>
          ) : (
            <h2 className={styles.heading}>{t('shell.menu.messages')}</h2>
          )}
          {ignored.length > 0 && (
            <Notice intent="warning" title={t('messages.ignored', { filters: t.list(ignored) })} />
          )}
          <FilterBar filter={pageFilter} onChange={change} day={place.day} onDay={(day) => show({ day, cursor: '' })} />
          <div className={styles.actions}>
            <DownloadButton href={requestFor(exportMessages, { query: queryOf(filter) }).url} />
            <BulkActions key={filterKey} filter={filter} />
          </div>
          <SelectionBar selection={selection} onSelection={setSelection} />
          <MessageList
            key={filterKey}
            filter={filter}
            place={place}
            onPlace={show}
            openId={openId}
            hidden={isListHidden}
            selection={selection}
            onSelection={setSelection}
            empty={<NoMessages filtered={Object.keys(filter).length > 0} isUntilDay={place.day !== ''} />}
          />
        </div>
        {id !== null && (
          <div className={isWide ? styles.details : undefined}>
            {openId === null ? (
              <MessageGone listUrl={PAGES.messages} />
            ) : (
              <MessageDetails key={openId} id={openId} listUrl={toList} />
            )}
          </div>
        )}
      </div>
    </Page>
  )
}

function NoMessages({ filtered, isUntilDay }: { filtered: boolean; isUntilDay: boolean }) {
  const t = useTranslate()
  const link = (page: string) => (content: ReactNode) => (
    <PageLink href={page} inline>
      {content}
    </PageLink>
  )
  // Newer messages may lie above a day that has none before it.
  const none = isUntilDay ? 'none-until' : filtered ? 'no-match' : 'none'
  return (
    <Surface title={t(`messages.${none}`)}>
      <Paragraph narrow>
        {t.rich(`messages.${none}-detail`, { keys: link(PAGES.serviceKeys), settings: link(PAGES.office365Smtp) })}
      </Paragraph>
    </Surface>
  )
}
