import { Badge, Button } from '@fluentui/react-components'
import type { SettingsProblem } from '@inforiver-mail/contract/consent-problem'
import type { Office365SmtpSettings } from '@inforiver-mail/contract/office365-smtp'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Suspense, useEffect, useRef, useState } from 'react'
import { credentialQuery, noticesQuery, settingsQuery } from '../api/queries.ts'
import { useAppEnvironment } from '../environment.ts'
import { TestMessage } from '../messages/test-message.tsx'
import { laterPage } from '../language/later-page.tsx'
import { useSession } from '../session/session.ts'
import { FailureBar } from '../ui/failure-bar.tsx'
import { LinkedText } from '../ui/linked-text.tsx'
import { LiveRegion } from '../ui/live-region.tsx'
import { LocalTime } from '../ui/local-time.tsx'
import { Notice } from '../ui/notice.tsx'
import { Page, PageIntro } from '../ui/page.tsx'
import { type Freshness, QueryPage } from '../ui/query-page.tsx'
import { RequestId } from '../ui/request-id.tsx'
import { ConnectionCard } from './connection-card.tsx'
import { onTheWireText, waitingText } from './connection-text.ts'
import { useConsentFlow } from './consent-flow.ts'
import { ConsentStatus } from './consent-status.tsx'
import { credentialWarning } from './credential-text.ts'
import { type SenderDraft, withoutSaved } from './sender-draft.ts'
import { SenderForm } from './sender-form.tsx'
import { readUnsaved } from './unsaved.ts'

const DeliveryReportsSection = laterPage(
  async () => (await import('./delivery-reports-section.tsx')).DeliveryReportsSection,
)

export function Office365SmtpPage() {
  const query = useQuery(settingsQuery)
  return (
    <QueryPage parent="Tenant Settings" title="Office 365 SMTP" query={query} loading="Reading the settings">
      {(settings, freshness) => <SettingsScreen settings={settings} readAt={query.dataUpdatedAt} {...freshness} />}
    </QueryPage>
  )
}

const BADGES = {
  'not-configured': { label: 'Not configured', color: 'informative' },
  connected: { label: 'Connected', color: 'success' },
  'reconnect-required': { label: 'Reconnect required', color: 'danger' },
  'not-sending': { label: 'Not sending', color: 'danger' },
} as const satisfies Record<Office365SmtpSettings['status'] | 'not-sending', unknown>

interface SettingsScreenProps extends Freshness {
  settings: Office365SmtpSettings
  /** When the settings were read, in ms since the epoch. */
  readAt: number
}

function SettingsScreen({ settings, readAt, refreshError, onRefresh }: SettingsScreenProps) {
  const { user } = useSession()
  const flow = useConsentFlow(settings)
  const [draft, setDraft] = useSenderDraft(settings)
  const addressField = useRef<HTMLInputElement>(null)
  const [resets, setResets] = useState(0)
  const [onTheWire, setOnTheWire] = useState<string | null>(null)
  const configured = settings.status !== 'not-configured'
  // Microsoft may refuse the app registration while the connection itself stays valid: then nothing is sent.
  const badge = BADGES[settings.status === 'connected' && settings.problem ? 'not-sending' : settings.status]
  const waiting = waitingText(settings)
  useFreshNotices(settings)

  useEffect(() => {
    // Runs after the dialog has closed; before that the field cannot take the focus.
    if (resets > 0) addressField.current?.focus()
  }, [resets])

  return (
    <Page width="form">
      <PageIntro
        parent="Tenant Settings"
        title="Office 365 SMTP"
        badge={
          <Badge appearance="tint" size="large" color={badge.color}>
            {badge.label}
          </Badge>
        }
      >
        The Microsoft 365 mailbox that Inforiver sends its reports, alerts and invitations from.
      </PageIntro>
      <LiveRegion>
        {refreshError && (
          <FailureBar error={refreshError} onRetry={onRefresh}>
            <span>
              The page shows the settings as read on <LocalTime at={new Date(readAt).toISOString()} />.
            </span>
          </FailureBar>
        )}
        {settings.problem && (
          <SettingsProblemBar
            problem={settings.problem}
            starting={flow.starting}
            onReconnect={() => flow.begin({ purpose: 'reconnect' })}
          />
        )}
        <CredentialBar />
        {flow.consents.map((consent) => (
          <ConsentStatus key={consent.id} consent={consent} settings={settings} settingsReadAt={readAt} flow={flow} />
        ))}
        {resets > 0 && !configured && (
          <Notice intent="success" title="Reset">
            <span>The tokens and settings are deleted. No mailbox is connected.</span>
            {onTheWire && <span>{onTheWire}</span>}
          </Notice>
        )}
        {!configured && waiting && <Notice intent="warning" title={waiting} />}
      </LiveRegion>
      {configured && <ConnectionCard settings={settings} />}
      <SenderForm
        ref={addressField}
        settings={settings}
        adminEmail={user.email}
        draft={draft}
        onDraft={setDraft}
        flow={flow}
        onReset={(requestsOnTheWire) => {
          setOnTheWire(onTheWireText(requestsOnTheWire, settings.fromEmail ?? 'the old sender'))
          setDraft({})
          flow.dismissEnded()
          setResets(resets + 1)
        }}
      />
      {configured && (
        <Suspense fallback={null}>
          <DeliveryReportsSection settings={settings} flow={flow} />
        </Suspense>
      )}
      {configured && <TestMessage adminEmail={user.email} />}
    </Page>
  )
}

/** Reads the notices again when the state of the mailbox changes, since that may raise one or end one. */
function useFreshNotices({ version, status, problem }: Office365SmtpSettings): void {
  const queryClient = useQueryClient()
  const state = [version, status, problem?.since].join(' ')
  const seen = useRef(state)
  useEffect(() => {
    if (seen.current === state) return
    seen.current = state
    void queryClient.invalidateQueries(noticesQuery)
  }, [state, queryClient])
}

/** Restores unsaved entries after a round trip to Microsoft, without those that the settings already contain. */
function useSenderDraft(settings: Office365SmtpSettings) {
  const { user } = useSession()
  const { unsaved } = useAppEnvironment()
  const [draft, setDraft] = useState<SenderDraft>(() => {
    const kept = readUnsaved(unsaved)
    return kept?.userEmail === user.email ? kept.draft : {}
  })
  const [draftVersion, setDraftVersion] = useState(settings.version)
  if (draftVersion !== settings.version) {
    setDraftVersion(settings.version)
    setDraft(withoutSaved(settings, draft))
  }
  useEffect(() => {
    unsaved.hold({ userEmail: user.email, draft, consent: null })
    return () => unsaved.hold(null)
  }, [unsaved, user.email, draft])
  return [draft, setDraft] as const
}

interface SettingsProblemBarProps {
  problem: SettingsProblem
  starting: boolean
  onReconnect: () => void
}

/** Why the configured connection does not work, and who can fix it. */
function SettingsProblemBar({ problem, starting, onReconnect }: SettingsProblemBarProps) {
  const { code, title, detail, action, since, correlationId } = problem
  return (
    <Notice
      intent="error"
      title={title}
      actions={
        code === 'reconnect-required' && (
          <Button appearance="primary" disabledFocusable={starting} onClick={onReconnect}>
            Reconnect
          </Button>
        )
      }
    >
      <span>{detail}</span>
      <span>
        <LinkedText text={action} />
      </span>
      {code === 'app-misconfigured' && <span>Reconnecting the mailbox does not help.</span>}
      <span>
        Since <LocalTime at={since} />.
      </span>
      <RequestId label="Correlation id" value={correlationId} />
    </Notice>
  )
}

/** Warns before the app registration's secret or certificate expires. When the expiry cannot be read, it shows nothing. */
function CredentialBar() {
  const { data } = useQuery(credentialQuery)
  const warning = data && credentialWarning(data)
  if (!warning) return null
  return (
    <Notice intent={warning.intent} title={warning.title}>
      <span>{warning.detail}</span>
      <span>
        <LinkedText text={warning.action} />
      </span>
    </Notice>
  )
}
