import { Button } from '@fluentui/react-components'
import type { createServiceKey, ServiceKey } from '@inforiver-mail/contract/service-key'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Answer } from '../api/call.ts'
import { serviceKeysQuery } from '../api/queries.ts'
import { useNow } from '../environment.ts'
import { useSession } from '../session/session.ts'
import { CollectionPage } from '../ui/collection-page.tsx'
import type { Column } from '../ui/data-table.tsx'
import { LocalTime } from '../ui/local-time.tsx'
import { FocusedNotice } from '../ui/notice.tsx'
import { TenantSettingsLink } from '../ui/page.tsx'
import { type Freshness, QueryPage } from '../ui/query-page.tsx'
import { CreateKeyDialog, NewKeyDialog, RevokeKeyDialog } from './service-key-dialogs.tsx'
import { limitsText, scopesText } from './service-key-text.ts'

export function ServiceKeysPage() {
  return (
    <QueryPage
      parent={<TenantSettingsLink />}
      title="Service keys"
      query={useQuery(serviceKeysQuery)}
      loading="Reading the service keys"
    >
      {({ items }, freshness) => <ServiceKeysScreen keys={items} {...freshness} />}
    </QueryPage>
  )
}

type Step =
  | { readonly kind: 'list' }
  | { readonly kind: 'create' }
  | { readonly kind: 'created'; readonly created: Answer<typeof createServiceKey> }
  | { readonly kind: 'revoke'; readonly key: ServiceKey }
  | { readonly kind: 'revoked'; readonly key: ServiceKey }

interface ServiceKeysScreenProps extends Freshness {
  keys: readonly ServiceKey[]
}

function ServiceKeysScreen({ keys, ...freshness }: ServiceKeysScreenProps) {
  const { user } = useSession()
  const [step, setStep] = useState<Step>({ kind: 'list' })
  const backToList = () => setStep({ kind: 'list' })

  return (
    <CollectionPage
      title="Service keys"
      intro="The keys with which other Inforiver services send mail through this one."
      {...freshness}
      announcement={
        step.kind === 'revoked' && (
          <FocusedNotice intent="success" title={`A key of ${step.key.name} is revoked`} onDismiss={backToList}>
            <span>Requests with it are refused from now on.</span>
          </FocusedNotice>
        )
      }
      add={{ label: 'Create key', onAdd: () => setStep({ kind: 'create' }) }}
      heading="Keys"
      columns={keyColumns((key) => setStep({ kind: 'revoke', key }))}
      rows={keys}
      empty={{
        title: 'No service keys yet',
        text: 'A service key lets one Inforiver service, such as the scheduler of reports, submit mail here and see what became of it. Create one for each service and give it to whoever operates that service: it goes along with every request.',
      }}
      hint="Several keys of one name are one service. To replace a key, create another one of the same name, let the service use it, then revoke the old one: the service keeps sending and keeps sight of its messages."
    >
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
    </CollectionPage>
  )
}

function keyColumns(onRevoke: (key: ServiceKey) => void): readonly Column<ServiceKey>[] {
  return [
    { name: 'Name', cell: ({ name }) => <strong>{name}</strong> },
    { name: 'Permissions', cell: ({ scopes }) => scopesText(scopes) },
    { name: 'Limits', cell: (key) => limitsText(key) || 'None' },
    { name: 'Created', kind: 'keep', cell: ({ createdAt }) => <LocalTime at={createdAt} format="short" /> },
    {
      name: 'Last used',
      kind: 'keep',
      cell: ({ lastUsedAt }) => (lastUsedAt ? <LocalTime at={lastUsedAt} format="short" /> : 'Never'),
    },
    { name: 'Ends', kind: 'keep', cell: ({ expiresAt }) => <End at={expiresAt} /> },
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

function End({ at }: { at: string | null }) {
  const now = useNow(60_000)
  if (at === null) return 'Never'
  return (
    <>
      {new Date(at) <= now && 'Ended '}
      <LocalTime at={at} format="short" />
    </>
  )
}
