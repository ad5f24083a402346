import { Button, makeStyles, tokens } from '@fluentui/react-components'
import { AddRegular } from '@fluentui/react-icons/svg/add'
import type { createServiceKey, ServiceKey } from '@inforiver-mail/contract/service-key'
import { useState } from 'react'
import type { Answer } from '../api/call.ts'
import { useSession } from '../session/session-context.ts'
import { type Column, DataTable } from '../shell/data-table.tsx'
import { FailureBar } from '../shell/failure-bar.tsx'
import { FocusedNotice } from '../shell/focused-notice.tsx'
import { LocalTime } from '../shell/local-time.tsx'
import { PageIntro } from '../shell/page-intro.tsx'
import { Surface } from '../shell/surface.tsx'
import { CreateKeyDialog } from './create-key-dialog.tsx'
import { NewKeyDialog } from './new-key-dialog.tsx'
import { RevokeKeyDialog } from './revoke-key-dialog.tsx'
import { scopesWords } from './service-key-words.ts'

const useStyles = makeStyles({
  page: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalXL, maxWidth: '960px' },
  // A live region has to be there before it has something to say; empty, it takes no gap.
  live: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalM,
    ':empty': { display: 'none' },
  },
  text: { margin: 0, maxWidth: '640px' },
  hint: { margin: 0, maxWidth: '640px', color: tokens.colorNeutralForeground2 },
})

type Step =
  | { readonly kind: 'list' }
  | { readonly kind: 'create' }
  | { readonly kind: 'created'; readonly created: Answer<typeof createServiceKey> }
  | { readonly kind: 'revoke'; readonly key: ServiceKey }
  | { readonly kind: 'revoked'; readonly key: ServiceKey }

interface Props {
  keys: readonly ServiceKey[]
  /** Why they could not be read again since. */
  refreshError: Error | null
  onRefresh: () => void
}

export function ServiceKeysScreen({ keys, refreshError, onRefresh }: Props) {
  const styles = useStyles()
  const { user } = useSession()
  const [step, setStep] = useState<Step>({ kind: 'list' })
  const backToList = () => setStep({ kind: 'list' })

  const columns = keyColumns((key) => setStep({ kind: 'revoke', key }))

  return (
    <div className={styles.page}>
      <PageIntro above="Tenant Settings" title="Service keys">
        The keys with which other Inforiver services send mail through this one.
      </PageIntro>
      <div aria-live="polite" className={styles.live}>
        {refreshError && (
          <FailureBar error={refreshError} onRetry={onRefresh}>
            <span>The list may have changed since.</span>
          </FailureBar>
        )}
        {step.kind === 'revoked' && (
          <FocusedNotice intent="success" title={`A key of ${step.key.name} is revoked`} onDismiss={backToList}>
            <span>Requests with it are refused from now on.</span>
          </FocusedNotice>
        )}
      </div>
      <div>
        <Button appearance="primary" icon={<AddRegular />} onClick={() => setStep({ kind: 'create' })}>
          Create key
        </Button>
      </div>
      {keys.length === 0 ? (
        <Surface title="No service keys yet">
          <p className={styles.text}>
            A service key lets one Inforiver service, such as the scheduler of reports, submit mail here and see what
            became of it. Create one for each service and give it to whoever operates that service: it goes along with
            every request.
          </p>
        </Surface>
      ) : (
        <Surface title="Keys">
          <DataTable label="Service keys" columns={columns} rows={keys} rowKey={({ id }) => id} />
        </Surface>
      )}
      <p className={styles.hint}>
        Several keys of one name are one service. To replace a key, create another one of the same name, let the service
        use it, then revoke the old one: the service keeps sending and keeps sight of its messages.
      </p>
      {step.kind === 'create' && (
        <CreateKeyDialog onClose={backToList} onCreated={(created) => setStep({ kind: 'created', created })} />
      )}
      {step.kind === 'created' && (
        <NewKeyDialog created={step.created} exampleRecipient={user.email} onClose={backToList} />
      )}
      {step.kind === 'revoke' && (
        <RevokeKeyDialog
          serviceKey={step.key}
          keys={keys}
          onClose={backToList}
          onRevoked={() => setStep({ kind: 'revoked', key: step.key })}
        />
      )}
    </div>
  )
}

function keyColumns(onRevoke: (key: ServiceKey) => void): readonly Column<ServiceKey>[] {
  return [
    { name: 'Name', cell: ({ name }) => <strong>{name}</strong> },
    { name: 'May', cell: ({ scopes }) => scopesWords(scopes) },
    { name: 'Created', kind: 'keep', cell: ({ createdAt }) => <LocalTime at={createdAt} format="short" /> },
    {
      name: 'Last used',
      kind: 'keep',
      cell: ({ lastUsedAt }) => (lastUsedAt ? <LocalTime at={lastUsedAt} format="short" /> : 'Never'),
    },
    {
      name: 'Actions',
      kind: 'actions',
      cell: (key) => (
        <Button size="small" aria-label={`Revoke ${key.name}`} onClick={() => onRevoke(key)}>
          Revoke
        </Button>
      ),
    },
  ]
}
