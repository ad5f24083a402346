import { Checkbox, Link as FluentLink, makeStyles, mergeClasses, tokens } from '@fluentui/react-components'
import type { MessageSummary } from '@inforiver-mail/contract/message'
import { memo } from 'react'
import { Link, useSearch } from 'wouter'
import { useTranslate } from '../language/language.tsx'
import { messageUrl } from '../routes.ts'
import { LocalTime } from '../ui/values.tsx'
import { startEdge, VISUALLY_HIDDEN } from '../ui/styles.ts'
import { StatusBadge, UploadProgress } from './message-status.tsx'
import { recipientsNote, serviceText, statusNotes, subjectText } from './message-text.ts'

const ROW_PX = 64
const HEAD_PX = 36

/** What of a row takes the focus. */
export type RowPart = 'select' | 'open'

/** Where the list has room for few facts of a message. */
const NARROW = '@container (max-width: 760px)'

const useStyles = makeStyles({
  row: {
    boxSizing: 'border-box',
    display: 'grid',
    gridTemplateColumns: '36px 190px minmax(0, 1fr) 140px 170px',
    gridTemplateRows: '22px 20px',
    gridTemplateAreas: '"select status subject service created" "select status to reference sent"',
    alignContent: 'center',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalM,
    padding: `0 ${tokens.spacingHorizontalM}`,
    whiteSpace: 'nowrap',
    [NARROW]: {
      gridTemplateColumns: '32px auto minmax(0, 1fr) auto',
      gridTemplateAreas: '"select subject subject created" "select status to to"',
      columnGap: tokens.spacingHorizontalS,
      padding: `0 ${tokens.spacingHorizontalS}`,
    },
  },
  message: {
    position: 'relative',
    height: `${ROW_PX}px`,
    borderTop: `1px solid ${tokens.colorNeutralStroke2}`,
    ':hover': { backgroundColor: tokens.colorNeutralBackground1Hover },
  },
  selected: {
    backgroundColor: tokens.colorNeutralBackground1Selected,
    ...startEdge('3px', tokens.colorCompoundBrandStroke),
  },
  open: { backgroundColor: tokens.colorBrandBackground2, ...startEdge('3px', tokens.colorBrandStroke1) },
  head: {
    height: `${HEAD_PX}px`,
    gridTemplateRows: 'auto',
    gridTemplateAreas: '"select status subject service created"',
    color: tokens.colorNeutralForeground2,
    [NARROW]: VISUALLY_HIDDEN,
  },
  // The layout is a grid, so that a narrow row can have other lines than a wide one.
  block: { display: 'block' },
  name: { padding: 0, textAlign: 'start', fontWeight: tokens.fontWeightRegular },
  cell: { padding: 0 },
  select: {
    gridArea: 'select',
    position: 'relative',
    zIndex: 1,
    '& .fui-Checkbox': { marginInlineStart: '-8px', marginInlineEnd: '-8px' },
  },
  status: {
    gridArea: 'status',
    minWidth: 0,
    display: 'flex',
    flexDirection: 'column',
    alignItems: 'flex-start',
    gap: tokens.spacingVerticalXXS,
    [NARROW]: { flexDirection: 'row', alignItems: 'center', gap: tokens.spacingHorizontalS, maxWidth: '60cqi' },
  },
  subject: { gridArea: 'subject', minWidth: 0, overflow: 'hidden', textOverflow: 'ellipsis' },
  link: {
    fontWeight: tokens.fontWeightSemibold,
    color: tokens.colorNeutralForeground1,
    // The whole row opens the message.
    '::after': { content: '""', position: 'absolute', inset: 0 },
    // Around the row: around the link it would be cut off with what is too long of the subject.
    ':focus-visible': { outlineStyle: 'none' },
    ':focus-visible::after': { outline: `2px solid ${tokens.colorStrokeFocus2}`, outlineOffset: '-2px' },
  },
  to: { gridArea: 'to' },
  service: { gridArea: 'service', [NARROW]: { display: 'none' } },
  reference: { gridArea: 'reference', [NARROW]: { display: 'none' } },
  created: { gridArea: 'created', fontVariantNumeric: 'tabular-nums' },
  sent: { gridArea: 'sent', [NARROW]: { display: 'none' } },
  note: {
    minWidth: 0,
    maxWidth: '100%',
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    color: tokens.colorNeutralForeground2,
    fontSize: tokens.fontSizeBase200,
  },
  hidden: VISUALLY_HIDDEN,
})

const COLUMNS = ['select', 'status', 'subject', 'service', 'created'] as const

/** Names the columns. */
export function MessageRowHead() {
  const styles = useStyles()
  const t = useTranslate()
  return (
    <thead className={styles.block}>
      <tr className={mergeClasses(styles.row, styles.head)}>
        {COLUMNS.map((column) => (
          <th key={column} scope="col" className={mergeClasses(styles.name, styles[column])}>
            <span className={column === 'select' ? styles.hidden : undefined}>{t(`messages.column.${column}`)}</span>
          </th>
        ))}
      </tr>
    </thead>
  )
}

interface Props {
  message: MessageSummary
  /** The place in the page, counted from 0. */
  index: number
  /** Whether Tab leads to this row; the arrow keys lead to the others. */
  isTabStop: boolean
  isOpen: boolean
  /** Whether the focus returns here when its message is closed. */
  takesFocus: boolean
  isSelected: boolean
  onActive: (id: string) => void
  onSelect: (message: MessageSummary, isRange: boolean) => void
}

/** One message of the list, in two lines. */
export const MessageRow = memo(function MessageRow(props: Props) {
  const { message, index, isTabStop, isOpen, takesFocus, isSelected, onActive, onSelect } = props
  const styles = useStyles()
  const t = useTranslate()
  const { id, status, subject, to, service, reference, createdAt, sentAt, progress } = message
  const tabIndex = isTabStop ? 0 : -1
  const title = subjectText(subject, t)
  const note = statusNotes(message, t).join(' · ')
  return (
    <tr
      data-index={index}
      className={mergeClasses(styles.row, styles.message, isSelected && styles.selected, isOpen && styles.open)}
      onFocus={() => onActive(id)}
    >
      <td className={mergeClasses(styles.cell, styles.select)}>
        <Checkbox
          data-part="select"
          tabIndex={tabIndex}
          checked={isSelected}
          aria-label={t('messages.select', { subject: title })}
          onChange={({ nativeEvent }) => onSelect(message, 'shiftKey' in nativeEvent && nativeEvent.shiftKey === true)}
        />
      </td>
      <td className={mergeClasses(styles.cell, styles.subject)} dir="auto">
        <SubjectLink message={message} tabIndex={tabIndex} isOpen={isOpen} takesFocus={takesFocus} />
      </td>
      <td className={mergeClasses(styles.cell, styles.status)}>
        <StatusBadge size="medium" status={status} />
        {progress && <UploadProgress progress={progress} label={t('messages.upload-of', { subject: title })} />}
        {note && !progress && (
          <span className={styles.note} title={note}>
            {note}
          </span>
        )}
      </td>
      <td className={mergeClasses(styles.cell, styles.note, styles.to)}>{recipientsNote(to, t)}</td>
      <td className={mergeClasses(styles.cell, styles.subject, styles.service)}>{serviceText(service, t)}</td>
      <td className={mergeClasses(styles.cell, styles.note, styles.reference)}>{reference}</td>
      <td className={mergeClasses(styles.cell, styles.created)}>
        <LocalTime at={createdAt} format="short" />
      </td>
      <td className={mergeClasses(styles.cell, styles.note, styles.sent)}>
        {sentAt && t('messages.sent-at', { at: t.time(sentAt, 'short') })}
      </td>
    </tr>
  )
})

interface SubjectLinkProps extends Pick<Props, 'message' | 'isOpen' | 'takesFocus'> {
  tabIndex: number
}

/** Opens the message, beside the same list. */
function SubjectLink({ message: { id, subject }, isOpen, takesFocus, tabIndex }: SubjectLinkProps) {
  const styles = useStyles()
  const t = useTranslate()
  const search = useSearch()
  return (
    <Link href={messageUrl(id) + (search && `?${search}`)} asChild>
      <FluentLink
        className={styles.link}
        data-part="open"
        tabIndex={tabIndex}
        aria-current={isOpen ? 'true' : undefined}
        data-takes-focus={takesFocus ? '' : undefined}
      >
        {subjectText(subject, t)}
      </FluentLink>
    </Link>
  )
}
