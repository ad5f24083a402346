import { Button } from '@fluentui/react-components'
import { AddRegular } from '@fluentui/react-icons/svg/add'
import { type createServiceKey, revokeServiceKey, type ServiceKey } from '@inforiver-mail/contract/service-key'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { type Answer, call } from '../api/call.ts'
import { serviceKeysQuery } from '../api/queries.ts'
import { useNow } from '../environment.ts'
import { useTranslate } from '../language/language.tsx'
import { sentenceCase, type Translate } from '../language/translate.ts'
import { type Column, TableSurface, timeColumn } from '../ui/data-table.tsx'
import { RemovalDialog } from '../ui/dialogs.tsx'
import { ButtonRow, Paragraph } from '../ui/layout.tsx'
import { FocusedNotice, LiveRegion } from '../ui/notice.tsx'
import { TenantSettingsPage } from '../ui/tenant-settings-page.tsx'
import { LocalTime } from '../ui/values.tsx'
import { CreateKeyDialog, NewKeyDialog } from './service-key-dialogs.tsx'
import { limitsText, revokeText, scopesText } from './service-key-text.ts'

type Step =
  | { readonly kind: 'list' }
  | { readonly kind: 'create' }
  | { readonly kind: 'created'; readonly created: Answer<typeof createServiceKey> }
  | { readonly kind: 'revoke'; readonly key: ServiceKey }
  | { readonly kind: 'revoked'; readonly key: ServiceKey }

export function ServiceKeysPage() {
  const t = useTranslate()
  const [step, setStep] = useState<Step>({ kind: 'list' })
  const backToList = () => setStep({ kind: 'list' })
  return (
    <TenantSettingsPage
      page="service-keys"
      width="table"
      query={useQuery(serviceKeysQuery)}
      stale={t('ui.may-be-stale')}
    >
      {({ items: keys }) => (
        <>
          <LiveRegion>
            {step.kind === 'revoked' && (
              <FocusedNotice
                intent="success"
                title={t('keys.revoked.title', { name: step.key.name })}
                onDismiss={backToList}
              >
                <span>{t('keys.revoked.text')}</span>
              </FocusedNotice>
            )}
          </LiveRegion>
          <ButtonRow>
            <Button appearance="primary" icon={<AddRegular />} onClick={() => setStep({ kind: 'create' })}>
              {t('keys.create')}
            </Button>
          </ButtonRow>
          <TableSurface
            title={t('keys.heading')}
            columns={keyColumns(t, (key) => setStep({ kind: 'revoke', key }))}
            rows={keys}
            empty={{ title: t('keys.empty.title'), text: t('keys.empty.text') }}
          />
          <Paragraph muted narrow>
            {t('keys.hint')}
          </Paragraph>
          {step.kind === 'create' && (
            <CreateKeyDialog onClose={backToList} onCreated={(created) => setStep({ kind: 'created', created })} />
          )}
          {step.kind === 'created' && <NewKeyDialog created={step.created} onClose={backToList} />}
          {step.kind === 'revoke' && (
            <RemovalDialog
              title={t('keys.revoking.title', { name: step.key.name })}
              confirm={t('keys.revoke')}
              query={serviceKeysQuery}
              id={step.key.id}
              remove={(id) => call(revokeServiceKey, { params: { id } })}
              onRemoved={() => setStep({ kind: 'revoked', key: step.key })}
              onClose={backToList}
            >
              <li>{historyOf(step.key, t)}</li>
              <li>{t('keys.revoking.at-once')}</li>
              <li>{revokeText(step.key, keys, t)}</li>
              <li>{t('keys.revoking.submitted')}</li>
            </RemovalDialog>
          )}
        </>
      )}
    </TenantSettingsPage>
  )
}

/** When a key was made and used, and for what. */
function historyOf({ scopes, createdAt, lastUsedAt }: ServiceKey, t: Translate): ReactNode {
  const created = <LocalTime at={createdAt} />
  return (
    <>
      {lastUsedAt
        ? t.rich('keys.revoking.used', { created, used: <LocalTime at={lastUsedAt} /> })
        : t.rich('keys.revoking.unused', { created })}{' '}
      {t('keys.revoking.allows', { scopes: scopesText(scopes, t) })}
    </>
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
      name: t('ui.actions'),
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
