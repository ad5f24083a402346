import { Button, Field, Input, makeStyles, Select, tokens } from '@fluentui/react-components'
import { AuditAction } from '@inforiver-mail/contract/audit'
import { useEffect, useState } from 'react'
import { useSearchParams } from 'wouter'
import { Page } from '../shell/page.tsx'
import { PageIntro } from '../shell/page-intro.tsx'
import { TenantSettingsLink } from '../shell/tenant-settings-link.tsx'
import { type Chosen, exportUrl, filterOf, isBackwards, readChosen, writeChosen } from './audit-filter.ts'
import { AuditList } from './audit-list.tsx'
import { ACTION_LABELS } from './audit-words.ts'

const TYPING_MS = 400 // not a call for each letter

const useStyles = makeStyles({
  filters: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fill, minmax(min(200px, 100%), 1fr))',
    gap: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalL}`,
    alignItems: 'start',
  },
  input: { minWidth: 0 }, // a date field would be wider than a small screen
})

/** Who did what when, with the filter in the address. */
export function AuditPage() {
  const styles = useStyles()
  const [search, setSearch] = useSearchParams()
  const chosen = readChosen(search)
  const filter = filterOf(chosen)
  const choose = (changes: Partial<Chosen>) =>
    setSearch((current) => writeChosen({ ...readChosen(current), ...changes }), { replace: true })
  return (
    <Page width="log">
      <PageIntro above={<TenantSettingsLink />} title="Audit log">
        Who did what when, newest first. Nothing in it can be changed or removed here.
      </PageIntro>
      <search aria-label="Audit log" className={styles.filters}>
        <Field label="From">
          <Input
            type="date"
            className={styles.input}
            value={chosen.fromDay}
            onChange={(_event, { value }) => choose({ fromDay: value })}
          />
        </Field>
        <Field label="To" validationMessage={isBackwards(chosen) ? 'This is before From.' : null}>
          <Input
            type="date"
            className={styles.input}
            value={chosen.toDay}
            onChange={(_event, { value }) => choose({ toDay: value })}
          />
        </Field>
        <PersonField person={chosen.person} onPerson={(person) => choose({ person })} />
        <Field label="Event">
          <Select
            value={chosen.action ?? ''}
            onChange={(_event, { value }) => choose({ action: AuditAction.safeParse(value).data ?? null })}
          >
            <option value="">All</option>
            {AuditAction.options.map((action) => (
              <option key={action} value={action}>
                {ACTION_LABELS[action]}
              </option>
            ))}
          </Select>
        </Field>
      </search>
      <div>
        <Button as="a" href={exportUrl(filter)} download>
          Export as CSV
        </Button>
      </div>
      <AuditList key={search.toString()} filter={filter} />
    </Page>
  )
}

function PersonField({ person, onPerson }: { person: string; onPerson: (person: string) => void }) {
  const styles = useStyles()
  const [text, setText] = useState(person)
  const [known, setKnown] = useState(person)
  if (person !== known) {
    setKnown(person)
    // Not what was typed here: the address was changed otherwise.
    if (person !== text.trim()) setText(person)
  }
  useEffect(() => {
    if (text.trim() === person) return
    const timer = setTimeout(() => onPerson(text.trim()), TYPING_MS)
    return () => clearTimeout(timer)
  }, [text, person, onPerson])
  return (
    <Field label="Person" hint="A part of the name or address.">
      <Input
        type="search"
        maxLength={254}
        className={styles.input}
        value={text}
        onChange={(_event, { value }) => setText(value)}
        onBlur={() => {
          if (text.trim() !== person) onPerson(text.trim()) // whoever goes on has typed all of it
        }}
      />
    </Field>
  )
}
