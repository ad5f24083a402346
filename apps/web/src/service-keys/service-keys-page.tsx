import { Button } from '@fluentui/react-components'
import type { createServiceKey, ServiceKey } from '@inforiver-mail/contract/service-key'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Answer } from '../api/call.ts'
import { serviceKeysQuery } from '../api/queries.ts'
import { useNow } from '../environment.ts'
import { useTranslate } from '../language/language.tsx'
import { sentenceCase, type Translate } from '../language/translate.ts'
import { useSession } from '../session/session.tsx'
import { CollectionPage } from '../ui/collection-page.tsx'
import { type Column, timeColumn } from '../ui/data-table.tsx'
import { LocalTime } from '../ui/values.tsx'
import { FocusedNotice } from '../ui/notice.tsx'
import { type Freshness, QueryPage, TenantSettingsLink } from '../ui/page.tsx'
import { CreateKeyDialog, NewKeyDialog, RevokeKeyDialog } from './service-key-dialogs.tsx'
import { limitsText, scopesText } from './service-key-text.ts'

export function ServiceKeysPage() {
  const t = useTranslate()
  return (
    <QueryPage
      parent={<TenantSettingsLink />}
      title={t('keys.title')}
      query={useQuery(serviceKeysQuery)}
      loading={t('keys.loading')}
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
  const t = useTranslate()
  const { user } = useSession()
  const [step, setStep] = useState<Step>({ kind: 'list' })
  const backToList = () => setStep({ kind: 'list' })

  return (
    <CollectionPage
      title={t('keys.title')}
      intro={t('keys.intro')}
      {...freshness}
      announcement={
        step.kind === 'revoked' && (
          <FocusedNotice
            intent="success"
            title={t('keys.revoked.title', { name: step.key.name })}
            onDismiss={backToList}
          >
            <span>{t('keys.revoked.text')}</span>
          </FocusedNotice>
        )
      }
      add={{ label: t('keys.create'), onAdd: () => setStep({ kind: 'create' }) }}
      heading={t('keys.heading')}
      columns={keyColumns(t, (key) => setStep({ kind: 'revoke', key }))}
      rows={keys}
      empty={{
        title: t('keys.empty.title'),
        text: t('keys.empty.text'),
      }}
      hint={t('keys.hint')}
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

function keyColumns(t: Translate, onRevoke: (key: ServiceKey) => void): readonly Column<ServiceKey>[] {
  return [
    { name: t('keys.column.name'), cell: ({ name }) => <strong>{name}</strong> },
    { name: t('keys.column.permissions'), cell: ({ scopes }) => sentenceCase(scopesText(scopes, t)) },
    { name: t('keys.column.limits'), cell: (key) => limitsText(key, t) ?? t('keys.no-limits') },
    timeColumn(t('keys.column.created'), ({ createdAt }) => createdAt),
    timeColumn(t('keys.column.last-used'), ({ lastUsedAt }) => lastUsedAt, t('keys.never')),
    { name: t('keys.column.ends'), kind: 'keep', cell: ({ expiresAt }) => <End at={expiresAt} /> },
    {
      name: t('keys.column.actions'),
      kind: 'actions',
      cell: (key) => (
        <Button size="small" aria-label={t('keys.revoke-of', { name: key.name })} onClick={() => onRevoke(key)}>
          {t('keys.revoke')}
        </Button>
      ),
    },
  ]
}

function End({ at }: { at: string | null }) {
  const t = useTranslate()
  const now = useNow(60_000)
  if (at === null) return t('keys.never')
  const time = <LocalTime at={at} format="short" />
  return new Date(at) <= now ? t.rich('keys.ended', { time }) : time
}
