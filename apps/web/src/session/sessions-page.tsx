import { Badge, Button, makeStyles, tokens } from '@fluentui/react-components'
import { endOtherSessions, endSession, type SessionEntry } from '@inforiver-mail/contract/session'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../api/call.ts'
import { useRemoval } from '../api/mutations.ts'
import { sessionsQuery } from '../api/queries.ts'
import { useTranslate } from '../language/language.tsx'
import type { Translate } from '../language/translate.ts'
import { ConfirmDialog, Consequences } from '../ui/dialogs.tsx'
import { type Column, DataTable, timeColumn } from '../ui/data-table.tsx'
import { FailureBar, FocusedNotice, LiveRegion } from '../ui/notice.tsx'
import { type Freshness, Page, PageIntro, QueryPage, TenantSettingsLink } from '../ui/page.tsx'
import { Surface } from '../ui/surface.tsx'
import { browserName } from './browser-name.ts'

const useStyles = makeStyles({
  actions: { display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: tokens.spacingHorizontalM },
  hint: { margin: 0, maxWidth: '640px', color: tokens.colorNeutralForeground2 },
})

export function SessionsPage() {
  const t = useTranslate()
  return (
    <QueryPage
      parent={<TenantSettingsLink />}
      title={t('sessions.title')}
      query={useQuery(sessionsQuery)}
      loading={t('sessions.loading')}
    >
      {({ items }, freshness) => <SessionsScreen sessions={items} {...freshness} />}
    </QueryPage>
  )
}

type Step =
  | { readonly kind: 'list' }
  | { readonly kind: 'end'; readonly session: SessionEntry }
  | { readonly kind: 'end-others' }
  | { readonly kind: 'ended'; readonly title: string }

interface ScreenProps extends Freshness {
  sessions: readonly SessionEntry[]
}

function SessionsScreen({ sessions, refreshError, onRefresh }: ScreenProps) {
  const styles = useStyles()
  const t = useTranslate()
  const [step, setStep] = useState<Step>({ kind: 'list' })
  const backToList = () => setStep({ kind: 'list' })
  const hasOthers = sessions.some(({ current }) => !current)
  return (
    <Page width="table">
      <PageIntro parent={<TenantSettingsLink />} title={t('sessions.title')}>
        {t('sessions.intro')}
      </PageIntro>
      <LiveRegion>
        {refreshError && <FailureBar error={refreshError} onRetry={onRefresh} />}
        {step.kind === 'ended' && <FocusedNotice intent="success" title={step.title} onDismiss={backToList} />}
      </LiveRegion>
      <div className={styles.actions}>
        <Button disabledFocusable={!hasOthers} onClick={() => setStep({ kind: 'end-others' })}>
          {t('sessions.end-others')}
        </Button>
        {!hasOthers && <span>{t('sessions.only-this')}</span>}
      </div>
      <Surface title={t('sessions.heading')}>
        <DataTable
          label={t('sessions.heading')}
          columns={columns(t, (session) => setStep({ kind: 'end', session }))}
          rows={sessions}
          rowKey={({ id }) => id}
        />
      </Surface>
      <p className={styles.hint}>{t('sessions.hint')}</p>
      {step.kind === 'end' && (
        <EndDialog
          session={step.session}
          onClose={backToList}
          onEnded={() => setStep({ kind: 'ended', title: t('sessions.ended', { name: nameOf(step.session) }) })}
        />
      )}
      {step.kind === 'end-others' && (
        <EndOthersDialog
          onClose={backToList}
          onEnded={() => setStep({ kind: 'ended', title: t('sessions.others-ended') })}
        />
      )}
    </Page>
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
      name: t('sessions.column.actions'),
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

interface DialogProps {
  onClose: () => void
  onEnded: () => void
}

function EndDialog({ session, onClose, onEnded }: DialogProps & { session: SessionEntry }) {
  const t = useTranslate()
  const name = nameOf(session)
  const ending = useRemoval({
    queryKey: sessionsQuery.queryKey,
    remove: (id) => call(endSession, { params: { id } }),
    onRemoved: onEnded,
  })
  return (
    <ConfirmDialog
      title={t('sessions.end.title', { name })}
      confirm={t('sessions.end.confirm')}
      danger
      action={ending}
      onConfirm={() => ending.mutate(session.id)}
      onClose={onClose}
    >
      <Consequences>
        <li>{t('sessions.end.at-once')}</li>
        <li>{t('sessions.end.signs-in', { name })}</li>
      </Consequences>
    </ConfirmDialog>
  )
}

function EndOthersDialog({ onClose, onEnded }: DialogProps) {
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
