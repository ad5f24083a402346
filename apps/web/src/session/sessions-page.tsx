import { Badge, Button } from '@fluentui/react-components'
import { endOtherSessions, endSession, type SessionEntry } from '@inforiver-mail/contract/session'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../api/call.ts'
import { sessionsQuery } from '../api/queries.ts'
import { useTranslate } from '../language/language.tsx'
import type { Translate } from '../language/translate.ts'
import { type Column, TableSurface, timeColumn } from '../ui/data-table.tsx'
import { ConfirmDialog, Consequences, RemovalDialog } from '../ui/dialogs.tsx'
import { ButtonRow, Paragraph } from '../ui/layout.tsx'
import { FocusedNotice, LiveRegion } from '../ui/notice.tsx'
import { TenantSettingsPage } from '../ui/tenant-settings-page.tsx'
import { browserName } from './browser-name.ts'

type Step =
  | { readonly kind: 'list' }
  | { readonly kind: 'end'; readonly session: SessionEntry }
  | { readonly kind: 'end-others' }
  | { readonly kind: 'ended'; readonly title: string }

export function SessionsPage() {
  const t = useTranslate()
  const [step, setStep] = useState<Step>({ kind: 'list' })
  const backToList = () => setStep({ kind: 'list' })
  return (
    <TenantSettingsPage page="sessions" width="table" query={useQuery(sessionsQuery)}>
      {({ items }) => (
        <>
          <LiveRegion>
            {step.kind === 'ended' && <FocusedNotice intent="success" title={step.title} onDismiss={backToList} />}
          </LiveRegion>
          <ButtonRow>
            <Button
              disabledFocusable={items.every(({ current }) => current)}
              onClick={() => setStep({ kind: 'end-others' })}
            >
              {t('sessions.end-others')}
            </Button>
            {items.every(({ current }) => current) && <span>{t('sessions.only-this')}</span>}
          </ButtonRow>
          <TableSurface
            title={t('sessions.heading')}
            columns={columns(t, (session) => setStep({ kind: 'end', session }))}
            rows={items}
          />
          <Paragraph muted narrow>
            {t('sessions.hint')}
          </Paragraph>
          {step.kind === 'end' && (
            <RemovalDialog
              title={t('sessions.end.title', { name: nameOf(step.session) })}
              confirm={t('sessions.end.confirm')}
              query={sessionsQuery}
              id={step.session.id}
              remove={(id) => call(endSession, { params: { id } })}
              onRemoved={() => setStep({ kind: 'ended', title: t('sessions.ended', { name: nameOf(step.session) }) })}
              onClose={backToList}
            >
              <li>{t('sessions.end.at-once')}</li>
              <li>{t('sessions.end.signs-in', { name: nameOf(step.session) })}</li>
            </RemovalDialog>
          )}
          {step.kind === 'end-others' && (
            <EndOthersDialog
              onClose={backToList}
              onEnded={() => setStep({ kind: 'ended', title: t('sessions.others-ended') })}
            />
          )}
        </>
      )}
    </TenantSettingsPage>
  )
}

function columns(t: Translate, onEnd: (session: SessionEntry) => void): readonly Column<SessionEntry>[] {
  return [
    {
      name: t('sessions.column.person'),
      kind: 'main',
      cell: ({ user }) => (
        <>
          <strong>{user.name || user.email}</strong>
          {user.name && <div>{user.email}</div>}
        </>
      ),
    },
    { name: t('sessions.column.browser'), cell: ({ userAgent }) => browserText(userAgent, t) },
    { name: t('sessions.column.address'), cell: ({ address }) => address ?? t('sessions.unknown') },
    timeColumn(t('sessions.column.signed-in'), ({ signedInAt }) => signedInAt),
    timeColumn(t('sessions.column.last-seen'), ({ lastSeenAt }) => lastSeenAt),
    {
      name: t('ui.actions'),
      kind: 'actions',
      cell: (session) =>
        session.current ? (
          <Badge appearance="tint" color="informative">
            {t('sessions.current')}
          </Badge>
        ) : (
          <Button
            size="small"
            aria-label={t('sessions.end-of', { name: nameOf(session) })}
            onClick={() => onEnd(session)}
          >
            {t('sessions.end')}
          </Button>
        ),
    },
  ]
}

function EndOthersDialog({ onClose, onEnded }: { onClose: () => void; onEnded: () => void }) {
  const t = useTranslate()
  const queryClient = useQueryClient()
  const ending = useMutation({
    mutationFn: () => call(endOtherSessions, {}),
    onSuccess: async () => {
      await queryClient.invalidateQueries(sessionsQuery)
      onEnded()
    },
  })
  return (
    <ConfirmDialog
      title={t('sessions.end-others.title')}
      confirm={t('sessions.end-others.confirm')}
      danger
      action={ending}
      onConfirm={() => ending.mutate()}
      onClose={onClose}
    >
      <Consequences>
        <li>{t('sessions.end-others.everybody')}</li>
        <li>{t('sessions.end-others.this-stays')}</li>
      </Consequences>
    </ConfirmDialog>
  )
}

function nameOf({ user }: SessionEntry): string {
  return user.name || user.email
}

function browserText(userAgent: string | null, t: Translate): string {
  if (userAgent === null) return t('sessions.unknown')
  const known = browserName(userAgent)
  return known ? t('sessions.browser', known) : userAgent
}
