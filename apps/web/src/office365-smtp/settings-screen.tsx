import { Badge } from '@fluentui/react-components'
import type { Office365SmtpSettings } from '@inforiver-mail/contract/office365-smtp'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { noticesQuery } from '../alerts/notices-query.ts'
import { useSession } from '../session/session-context.ts'
import { FailureBar } from '../shell/failure-bar.tsx'
import { LocalTime } from '../shell/local-time.tsx'
import { News } from '../shell/news.tsx'
import { Notice } from '../shell/notice.tsx'
import { Page } from '../shell/page.tsx'
import { PageIntro } from '../shell/page-intro.tsx'
import type { Freshness } from '../shell/query-page.tsx'
import { useSurroundings } from '../surroundings.ts'
import { ConnectionCard } from './connection-card.tsx'
import { onTheWireWords, waitingWords } from './connection-words.ts'
import { useConsentFlow } from './consent-flow.ts'
import { ConsentStatus } from './consent-status.tsx'
import { CredentialBar } from './credential-bar.tsx'
import { type SenderDraft, withoutSettled } from './sender-draft.ts'
import { SenderForm } from './sender-form.tsx'
import { SettingsProblemBar } from './settings-problem-bar.tsx'
import { TestMessage } from './test-message.tsx'

const BADGES = {
  'not-configured': { label: 'Not configured', color: 'informative' },
  connected: { label: 'Connected', color: 'success' },
  'reconnect-required': { label: 'Reconnect required', color: 'danger' },
  'not-sending': { label: 'Not sending', color: 'danger' },
} as const satisfies Record<Office365SmtpSettings['status'] | 'not-sending', unknown>

interface Props extends Freshness {
  settings: Office365SmtpSettings
  /** When the settings were read, in milliseconds since 1970. */
  readAt: number
}

export function SettingsScreen({ settings, readAt, refreshError, onRefresh }: Props) {
  const { user } = useSession()
  const flow = useConsentFlow(settings)
  const [draft, setDraft] = useSenderDraft(settings)
  const addressField = useRef<HTMLInputElement>(null)
  const [resets, setResets] = useState(0)
  const [leftAtReset, setLeftAtReset] = useState<string | null>(null)
  const configured = settings.status !== 'not-configured'
  // The connection is kept while the app registration is refused, but nothing leaves.
  const badge = BADGES[settings.status === 'connected' && settings.problem ? 'not-sending' : settings.status]
  const waiting = waitingWords(settings)
  useFreshNotices(settings)

  useEffect(() => {
    // Once the dialog has closed: until then the field cannot take the focus.
    if (resets > 0) addressField.current?.focus()
  }, [resets])

  return (
    <Page width="form">
      <PageIntro
        above="Tenant Settings"
        title="Office 365 SMTP"
        badge={
          <Badge appearance="tint" size="large" color={badge.color}>
            {badge.label}
          </Badge>
        }
      >
        The Microsoft 365 mailbox that Inforiver sends its reports, alerts and invitations from.
      </PageIntro>
      <News>
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
            {leftAtReset && <span>{leftAtReset}</span>}
          </Notice>
        )}
        {!configured && waiting && <Notice intent="warning" title={waiting} />}
      </News>
      {configured && <ConnectionCard settings={settings} />}
      <SenderForm
        ref={addressField}
        settings={settings}
        adminEmail={user.email}
        draft={draft}
        onDraft={setDraft}
        flow={flow}
        onReset={(requestsOnTheWire) => {
          setLeftAtReset(onTheWireWords(requestsOnTheWire, settings.fromEmail ?? 'the old sender'))
          setDraft({})
          flow.dismissEnded()
          setResets(resets + 1)
        }}
      />
      {configured && <TestMessage adminEmail={user.email} />}
    </Page>
  )
}

/** Whatever changes with the mailbox may raise a notice, or make an end of one. */
function useFreshNotices({ version, status, problem }: Office365SmtpSettings): void {
  const queryClient = useQueryClient()
  const state = [version, status, problem?.since].join(' ')
  const known = useRef(state)
  useEffect(() => {
    if (known.current === state) return
    known.current = state
    void queryClient.invalidateQueries(noticesQuery)
  }, [state, queryClient])
}

/** What has been entered, kept over a round trip to Microsoft, less what the server says by now. */
function useSenderDraft(settings: Office365SmtpSettings) {
  const { user } = useSession()
  const { unsaved } = useSurroundings()
  const [draft, setDraft] = useState<SenderDraft>(() => {
    const kept = unsaved.held()
    return kept?.userEmail === user.email ? kept.draft : {}
  })
  const [settledAt, setSettledAt] = useState(settings.version)
  if (settledAt !== settings.version) {
    setSettledAt(settings.version)
    setDraft(withoutSettled(settings, draft))
  }
  useEffect(() => {
    unsaved.hold({ userEmail: user.email, draft, consent: null })
    return () => unsaved.hold(null)
  }, [unsaved, user.email, draft])
  return [draft, setDraft] as const
}
