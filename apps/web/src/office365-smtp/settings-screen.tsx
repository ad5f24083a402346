import { Badge, makeStyles, tokens } from '@fluentui/react-components'
import type { Office365SmtpSettings } from '@inforiver-mail/contract/office365-smtp'
import { useEffect, useRef, useState } from 'react'
import { useSession } from '../session/session-context.ts'
import { FailureBar } from '../shell/failure-bar.tsx'
import { PageHeading } from '../shell/page-heading.tsx'
import { useSurroundings } from '../surroundings.ts'
import { ConnectionCard } from './connection-card.tsx'
import { waitingWords } from './connection-words.ts'
import { useConsentFlow } from './consent-flow.ts'
import { ConsentStatus } from './consent-status.tsx'
import { type SenderDraft, withoutSettled } from './sender-draft.ts'
import { SenderForm } from './sender-form.tsx'
import { SettingsProblemBar } from './settings-problem-bar.tsx'
import { TestMessage } from './test-message.tsx'

const useStyles = makeStyles({
  page: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalL, maxWidth: '760px' },
  path: { margin: 0, padding: 0, display: 'flex', gap: tokens.spacingHorizontalS, listStyleType: 'none' },
  pathItem: { color: tokens.colorNeutralForeground2 },
  heading: { display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: tokens.spacingHorizontalM },
  text: { margin: 0, color: tokens.colorNeutralForeground2 },
  // A live region has to be there before it has something to say; empty, it takes no gap.
  live: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalM,
    ':empty': { display: 'none' },
  },
})

const BADGES = {
  'not-configured': { label: 'Not configured', color: 'informative' },
  connected: { label: 'Connected', color: 'success' },
  'reconnect-required': { label: 'Reconnect required', color: 'danger' },
} as const satisfies Record<Office365SmtpSettings['status'], unknown>

interface Props {
  settings: Office365SmtpSettings
  /** When the settings were read, in milliseconds since 1970. */
  readAt: number
  /** Why they could not be read again since. */
  refreshError: Error | null
  refreshing: boolean
  onRefresh: () => void
}

export function SettingsScreen({ settings, readAt, refreshError, refreshing, onRefresh }: Props) {
  const styles = useStyles()
  const { user } = useSession()
  const flow = useConsentFlow(settings)
  const [draft, setDraft] = useSenderDraft(settings)
  const addressField = useRef<HTMLInputElement>(null)
  const [wasReset, setWasReset] = useState(false)
  const configured = settings.status !== 'not-configured'
  const badge = BADGES[settings.status]
  const waiting = waitingWords(settings)

  function afterReset(): void {
    setDraft({})
    setWasReset(true)
    addressField.current?.focus()
  }

  return (
    <div className={styles.page}>
      <div>
        <nav aria-label="Breadcrumb">
          <ol className={styles.path}>
            <li className={styles.pathItem}>Tenant Settings</li>
            <li className={styles.pathItem} aria-hidden>
              ›
            </li>
            <li aria-current="page">Office 365 SMTP</li>
          </ol>
        </nav>
        <div className={styles.heading}>
          <PageHeading title="Office 365 SMTP" />
          <Badge appearance="tint" size="large" color={badge.color}>
            {badge.label}
          </Badge>
        </div>
        <p className={styles.text}>
          The Microsoft 365 mailbox that Inforiver sends its reports, alerts and invitations from.
        </p>
      </div>
      <div aria-live="polite" className={styles.live}>
        {refreshError && <FailureBar error={refreshError} retrying={refreshing} onRetry={onRefresh} />}
        {settings.problem && (
          <SettingsProblemBar
            problem={settings.problem}
            starting={flow.starting}
            onReconnect={() => flow.begin({ purpose: 'reconnect' })}
          />
        )}
        {flow.consents.map((consent) => (
          <ConsentStatus key={consent.id} consent={consent} settings={settings} settingsReadAt={readAt} flow={flow} />
        ))}
        {wasReset && !configured && flow.consents.length === 0 && <span>Reset. No mailbox is connected.</span>}
        {!configured && waiting && <span>{waiting}</span>}
      </div>
      {configured && <ConnectionCard settings={settings} />}
      <SenderForm
        ref={addressField}
        settings={settings}
        adminEmail={user.email}
        draft={draft}
        onDraft={setDraft}
        flow={flow}
        onReset={afterReset}
      />
      {configured && <TestMessage adminEmail={user.email} />}
    </div>
  )
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
