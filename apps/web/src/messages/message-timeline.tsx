import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components'
import type { Message } from '@inforiver-mail/contract/message'
import { LocalTime } from '../ui/local-time.tsx'
import { timelineOf, type TimelineEntry } from './timeline.ts'

const MARK_PX = 10

const useStyles = makeStyles({
  list: { listStyleType: 'none', margin: 0, padding: 0 },
  entry: {
    position: 'relative',
    paddingLeft: tokens.spacingHorizontalXXL,
    paddingBottom: tokens.spacingVerticalL,
    ':last-child': { paddingBottom: 0 },
    '::before': {
      content: '""',
      position: 'absolute',
      left: 0,
      top: '5px',
      width: `${MARK_PX}px`,
      height: `${MARK_PX}px`,
      boxSizing: 'border-box',
      borderRadius: tokens.borderRadiusCircular,
      border: `2px solid ${tokens.colorNeutralStrokeAccessible}`,
      backgroundColor: tokens.colorNeutralStrokeAccessible,
    },
    // The line to the next mark.
    ':not(:last-child)::after': {
      content: '""',
      position: 'absolute',
      left: `${MARK_PX / 2 - 1}px`,
      top: `${MARK_PX + 8}px`,
      bottom: '-2px',
      width: '2px',
      backgroundColor: tokens.colorNeutralStroke2,
    },
  },
  good: {
    '::before': {
      borderTopColor: tokens.colorPaletteGreenForeground1,
      borderRightColor: tokens.colorPaletteGreenForeground1,
      borderBottomColor: tokens.colorPaletteGreenForeground1,
      borderLeftColor: tokens.colorPaletteGreenForeground1,
      backgroundColor: tokens.colorPaletteGreenForeground1,
    },
  },
  bad: {
    '::before': {
      borderTopColor: tokens.colorPaletteRedForeground1,
      borderRightColor: tokens.colorPaletteRedForeground1,
      borderBottomColor: tokens.colorPaletteRedForeground1,
      borderLeftColor: tokens.colorPaletteRedForeground1,
      backgroundColor: tokens.colorPaletteRedForeground1,
    },
  },
  ahead: { '::before': { backgroundColor: tokens.colorNeutralBackground1 } },
  title: { fontWeight: tokens.fontWeightSemibold },
  time: { color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase200 },
  code: { fontFamily: tokens.fontFamilyMonospace },
})

/** Shows the story of a message, oldest first. */
export function MessageTimeline({ message }: { message: Message }) {
  const styles = useStyles()
  return (
    <ol className={styles.list} aria-label="Timeline">
      {timelineOf(message).map((entry) => (
        <Entry key={`${entry.title} ${entry.at}`} entry={entry} />
      ))}
    </ol>
  )
}

function Entry({ entry: { kind, title, at, firstAt, count, code, detail } }: { entry: TimelineEntry }) {
  const styles = useStyles()
  const look = kind === 'good' ? styles.good : kind === 'bad' ? styles.bad : kind === 'ahead' && styles.ahead
  return (
    <li className={mergeClasses(styles.entry, look)}>
      <div className={styles.title}>
        {title}
        {firstAt !== null && `, ${count} times`}
      </div>
      {at !== null && (
        <div className={styles.time}>
          {firstAt !== null && (
            <>
              <LocalTime at={firstAt} format="seconds" /> to{' '}
            </>
          )}
          <LocalTime at={at} format="seconds" />
        </div>
      )}
      {detail && <div>{detail}</div>}
      {code && <div className={styles.code}>{code}</div>}
    </li>
  )
}
