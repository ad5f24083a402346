import { Field, makeStyles, Select } from '@fluentui/react-components'
import { MessageStatus } from '@inforiver-mail/contract/message'
import { useSearchParams } from 'wouter'
import { Page } from '../shell/page.tsx'
import { PageIntro } from '../shell/page-intro.tsx'
import { MessageList } from './message-list.tsx'
import { readStatus, STATUS_LABELS } from './message-words.ts'

const useStyles = makeStyles({
  filter: { maxWidth: '240px' },
})

/** The messages of all services, with the status to filter by in the address. */
export function MessagesPage() {
  const styles = useStyles()
  const [search, setSearch] = useSearchParams()
  const status = readStatus(search.get('status'))
  return (
    <Page width="log">
      <PageIntro title="Messages">
        What the Inforiver services have submitted, newest first, and what became of it.
      </PageIntro>
      <Field label="Status" className={styles.filter}>
        <Select
          value={status ?? ''}
          onChange={(_event, { value }) => setSearch(value === '' ? {} : { status: value }, { replace: true })}
        >
          <option value="">All</option>
          {MessageStatus.options.map((option) => (
            <option key={option} value={option}>
              {STATUS_LABELS[option]}
            </option>
          ))}
        </Select>
      </Field>
      <MessageList key={status} status={status} />
    </Page>
  )
}
