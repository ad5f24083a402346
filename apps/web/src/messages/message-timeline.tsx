import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components'
import type { Message } from '@inforiver-mail/contract/message'
import { useQuery } from '@tanstack/react-query'
import { usageQuery } from '../api/queries.ts'
import { useTranslate } from '../language/language.tsx'
import { LinkedText, LocalTime } from '../ui/values.tsx'
import { type TimelineEntry, timelineOf } from './timeline.ts'

const MARK_PX = 10

const useStyles = makeStyles({
  list: { listStyleType: 'none', margin: 0, padding: 0 },
  entry: {
    position: 'relative',
    paddingInlineStart: tokens.spacingHorizontalXXL,
    paddingBottom: tokens.spacingVerticalL,
    ':last-child': { paddingBottom: 0 },
    '::before': {
      content: '""',
      position: 'absolute',
      insetInlineStart: 0,
      top: '5px',
      width: `${MARK_PX}px`,
      height: `${MARK_PX}px`,
      boxSizing: 'border-box',
      borderRadius: tokens.borderRadiusCircular,
      border: '2px solid currentColor',
      color: tokens.colorNeutralStrokeAccessible,
      backgroundColor: 'currentColor',
    },
    // The line to the next mark.
    ':not(:last-child)::after': {
      content: '""',
      position: 'absolute',
      insetInlineStart: `${MARK_PX / 2 - 1}px`,
      top: `${MARK_PX + 8}px`,
      bottom: '-2px',
      width: '2px',
      backgroundColor: tokens.colorNeutralStroke2,
    },
  },
  happened: {},
  good: { '::before': { color: tokens.colorPaletteGreenForeground1 } },
  bad: { '::before': { color: tokens.colorPaletteRedForeground1 } },
  now: {},
  ahead: { '::before': { backgroundColor: tokens.colorNeutralBackground1 } },
  title: { fontWeight: tokens.fontWeightSemibold },
  time: { color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase200 },
  code: { fontFamily: tokens.fontFamilyMonospace },
  note: { color: tokens.colorNeutralForeground2, overflowWrap: 'anywhere' },
  lines: { listStyleType: 'none', margin: 0, padding: 0 },
})

/** Shows the story of a message, oldest first. */
export function MessageTimeline({ message }: { message: Message }) {
  const styles = useStyles()
  const t = useTranslate()
  const { data: usage } = useQuery({ ...usageQuery, enabled: message.waitingBecause === 'mailbox-paused' })
  return (
    <ol className={styles.list} aria-label={t('messages.timeline')}>
      {timelineOf(message, t, usage?.pausedBecause).map((entry, index) => (
        // oxlint-disable-next-line react/no-array-index-key -- the story only grows, and two entries may say the same
        <Entry key={index} entry={entry} />
      ))}
    </ol>
  )
}

function Entry({ entry }: { entry: TimelineEntry }) {
  const { kind, title, at, firstAt, count, code, detail, lang, recipients, notes } = entry
  const styles = useStyles()
  const t = useTranslate()
  return (
    <li className={mergeClasses(styles.entry, styles[kind])}>
      <div className={styles.title}>{firstAt === null ? title : t('messages.times', { what: title, count })}</div>
      {at !== null && (
        <div className={styles.time}>
          {firstAt === null ? (
            <LocalTime at={at} format="seconds" />
          ) : (
            t.rich('messages.from-to', {
              from: <LocalTime at={firstAt} format="seconds" />,
              to: <LocalTime at={at} format="seconds" />,
            })
          )}
        </div>
      )}
      {recipients.length > 0 && <FoldedLines lines={recipients} />}
      {detail && (
        <div>
          <LinkedText text={detail} lang={lang} />
        </div>
      )}
      {code && <div className={styles.code}>{code}</div>}
      {notes.map((note) => (
        <div key={note} className={styles.note}>
          {note}
        </div>
      ))}
    </li>
  )
}

const LINES_AT_ONCE = 10

/** Shows the first lines, each once, and folds the rest, since there may be hundreds. */
export function FoldedLines({ lines }: { lines: readonly string[] }) {
  const t = useTranslate()
  const all = [...new Set(lines)]
  const rest = all.slice(LINES_AT_ONCE)
  return (
    <>
      <LineList lines={all.slice(0, LINES_AT_ONCE)} />
      {rest.length > 0 && (
        <details>
          <summary>{t('messages.more', { count: rest.length })}</summary>
          <LineList lines={rest} />
        </details>
      )}
    </>
  )
}

function LineList({ lines }: { lines: readonly string[] }) {
  const styles = useStyles()
  return (
    <ul className={styles.lines}>
      {lines.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  )
}
