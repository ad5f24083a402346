import { Button, Checkbox, Field, Input, makeStyles, tokens } from '@fluentui/react-components'
import { AddRegular } from '@fluentui/react-icons/svg/add'
import { DismissRegular } from '@fluentui/react-icons/svg/dismiss'
import { Delivery, MessageStatus } from '@inforiver-mail/contract/message'
import { MIN_SEARCH_CHARACTERS } from '@inforiver-mail/contract/message-list'
import { type KeyboardEvent, useEffect, useRef, useState } from 'react'
import { useTranslate } from '../language/language.tsx'
import { ChoiceField, DayField, DayRangeFields, TextFilter } from '../ui/fields.tsx'
import {
  entryOf,
  FILTER_KINDS,
  type FilterKind,
  isTooShort,
  MAX_TEXT_CHARACTERS,
  type PageFilter,
  type Pill,
  pillsOf,
} from './message-filter.ts'
import { serviceText } from './message-text.ts'
import { ButtonRow } from '../ui/layout.tsx'

const useStyles = makeStyles({
  bar: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM },
  fields: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fill, minmax(min(180px, 100%), 1fr))',
    gap: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalL}`,
    alignItems: 'start',
  },
  pills: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: tokens.spacingHorizontalS,
    margin: 0,
    padding: 0,
    listStyleType: 'none',
  },
  pill: {
    display: 'flex',
    alignItems: 'center',
    maxWidth: '100%',
    border: `1px solid ${tokens.colorNeutralStroke1}`,
    borderRadius: tokens.borderRadiusCircular,
    backgroundColor: tokens.colorNeutralBackground1,
  },
  pillText: {
    minWidth: 0,
    justifyContent: 'flex-start',
    fontWeight: tokens.fontWeightRegular,
    overflowWrap: 'anywhere',
    textAlign: 'start',
  },
  plainText: { padding: `0 ${tokens.spacingHorizontalM}`, fontSize: tokens.fontSizeBase200 },
  editor: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalM,
    padding: tokens.spacingHorizontalL,
    border: `1px solid ${tokens.colorNeutralStroke1}`,
    borderRadius: tokens.borderRadiusLarge,
    backgroundColor: tokens.colorNeutralBackground1,
  },
})

interface Props {
  filter: PageFilter
  onChange: (changes: Partial<PageFilter>) => void
  /** The day that the list is shown from; empty for the newest message. */
  day: string
  onDay: (day: string) => void
}

/** What the list is filtered by: fields for what is asked most, and a pill for each filter that is chosen. */
export function FilterBar({ filter, onChange, day, onDay }: Props) {
  const styles = useStyles()
  const t = useTranslate()
  const pillList = useRef<HTMLUListElement>(null)
  const [editing, setEditing] = useState<FilterKind | null>(null)
  const pills = pillsOf(filter, t)

  function close(): void {
    setEditing(null)
    focusAdd()
  }

  function focusAdd(): void {
    pillList.current?.querySelector<HTMLElement>('[data-add]')?.focus()
  }

  /** The focus goes to the pill that takes the place, else to the button that adds one. */
  function remove({ cleared }: Pill, index: number): void {
    const others = [...(pillList.current?.querySelectorAll<HTMLElement>('[data-remove]') ?? [])].toSpliced(index, 1)
    const next = others[Math.min(index, others.length - 1)]
    if (next) next.focus()
    else focusAdd()
    onChange(cleared)
  }

  return (
    <search aria-label={t('shell.menu.messages')} className={styles.bar}>
      <div className={styles.fields}>
        <TextFilter
          label={t('messages.search')}
          hint={t('messages.search-hint')}
          fault={isTooShort(filter) ? t('messages.search-short', { count: MIN_SEARCH_CHARACTERS }) : null}
          maxLength={MAX_TEXT_CHARACTERS}
          value={filter.search}
          onValue={(search) => onChange({ search })}
        />
        <StatusField value={filter.status} onValue={(status) => onChange({ status })} />
        <DayField label={t('messages.go-to-day')} day={day} onDay={onDay} />
      </div>
      <ul ref={pillList} className={styles.pills} aria-label={t('messages.filters')}>
        {pills.map((pill, index) => (
          <PillItem
            key={pill.text}
            pill={pill}
            onEdit={pill.kind && (() => setEditing(pill.kind))}
            onRemove={() => remove(pill, index)}
          />
        ))}
        <li>
          <Button
            data-add=""
            size="small"
            shape="circular"
            icon={<AddRegular />}
            aria-expanded={editing !== null}
            onClick={() => setEditing(editing === null ? 'service' : null)}
          >
            {t('messages.add-filter')}
          </Button>
        </li>
      </ul>
      {editing && (
        <FilterEditor
          key={editing}
          kind={editing}
          filter={filter}
          onKind={setEditing}
          onApply={(changes) => {
            onChange(changes)
            close()
          }}
          onClose={close}
        />
      )}
    </search>
  )
}

interface PillItemProps {
  pill: Pill
  /** Null for a filter that cannot be edited. */
  onEdit: (() => void) | null
  onRemove: () => void
}

function PillItem({ pill: { text }, onEdit, onRemove }: PillItemProps) {
  const styles = useStyles()
  const t = useTranslate()

  function press(event: KeyboardEvent): void {
    if (event.key !== 'Delete' && event.key !== 'Backspace') return
    event.preventDefault()
    onRemove()
  }

  return (
    <li className={styles.pill}>
      {onEdit ? (
        <Button
          size="small"
          appearance="subtle"
          shape="circular"
          className={styles.pillText}
          onClick={onEdit}
          onKeyDown={press}
        >
          {text}
        </Button>
      ) : (
        <span className={styles.plainText}>{text}</span>
      )}
      <Button
        size="small"
        appearance="subtle"
        shape="circular"
        icon={<DismissRegular />}
        aria-label={t('messages.remove-filter', { filter: text })}
        data-remove=""
        onClick={onRemove}
        onKeyDown={press}
      />
    </li>
  )
}

interface EditorProps {
  kind: FilterKind
  filter: PageFilter
  onKind: (kind: FilterKind) => void
  onApply: (changes: Partial<PageFilter>) => void
  onClose: () => void
}

/** Chooses one more filter, or changes one. */
function FilterEditor({ kind, filter, onKind, onApply, onClose }: EditorProps) {
  const styles = useStyles()
  const t = useTranslate()
  const form = useRef<HTMLFormElement>(null)
  const [draft, setDraft] = useState(() => ({ ...filter, service: serviceText(filter.service, t) }))
  useEffect(() => form.current?.querySelector<HTMLElement>('[data-value] :is(input, select)')?.focus(), [])

  function submit(event: { preventDefault: () => void }): void {
    event.preventDefault()
    onApply(entryOf(kind, draft, t))
  }

  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- Escape closes it from any of its fields
    <form
      ref={form}
      aria-label={t('messages.add-filter')}
      className={styles.editor}
      onSubmit={submit}
      onKeyDown={({ key }) => key === 'Escape' && onClose()}
    >
      <div className={styles.fields}>
        <ChoiceField
          label={t('messages.filter-by')}
          options={FILTER_KINDS}
          nameOf={(each) => t(`messages.filter.${each}`)}
          value={kind}
          onValue={(chosen) => chosen && onKind(chosen)}
        />
        <div data-value="">
          <ValueFields kind={kind} draft={draft} onDraft={(changes) => setDraft({ ...draft, ...changes })} />
        </div>
      </div>
      <ButtonRow>
        <Button type="submit" appearance="primary">
          {t('messages.apply')}
        </Button>
        <Button onClick={onClose}>{t('messages.close-filter')}</Button>
      </ButtonRow>
    </form>
  )
}

interface ValueFieldsProps {
  kind: FilterKind
  draft: PageFilter
  onDraft: (changes: Partial<PageFilter>) => void
}

function ValueFields({ kind, draft, onDraft }: ValueFieldsProps) {
  const t = useTranslate()
  switch (kind) {
    case 'status':
      return <StatusField value={draft.status} onValue={(status) => onDraft({ status })} />
    case 'delivery':
      return (
        <ChoiceField
          label={t('messages.filter.delivery')}
          options={Delivery.options}
          nameOf={(option) => t(`messages.delivery.${option}`)}
          none={t('ui.all')}
          value={draft.delivery}
          onValue={(delivery) => onDraft({ delivery })}
        />
      )
    case 'days':
      return <DayRangeFields days={draft} onDays={onDraft} />
    case 'possibleDuplicate':
      return (
        <Checkbox
          label={t('messages.filter.possibleDuplicate')}
          checked={draft.possibleDuplicate}
          onChange={(_event, { checked }) => onDraft({ possibleDuplicate: checked === true })}
        />
      )
    default:
      return (
        <Field label={t(`messages.filter.${kind}`)} hint={t(`messages.filter-hint.${kind}`)}>
          <Input
            maxLength={MAX_TEXT_CHARACTERS}
            value={draft[kind]}
            onChange={(_event, { value }) => onDraft({ [kind]: value })}
          />
        </Field>
      )
  }
}

function StatusField({ value, onValue }: { value: MessageStatus | ''; onValue: (status: MessageStatus | '') => void }) {
  const t = useTranslate()
  return (
    <ChoiceField
      label={t('messages.filter.status')}
      options={MessageStatus.options}
      nameOf={(option) => t(`messages.status.${option}`)}
      none={t('ui.all')}
      value={value}
      onValue={onValue}
    />
  )
}
