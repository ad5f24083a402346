import { Badge, Button, makeStyles, tokens, typographyStyles } from '@fluentui/react-components'
import type { SettingsProblem } from '@inforiver-mail/contract/consent-problem'
import type { Office365SmtpSettings } from '@inforiver-mail/contract/office365-smtp'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useId, useRef, useState } from 'react'
import { credentialQuery, noticesQuery, settingsQuery } from '../api/queries.ts'
import { useSendNow } from '../api/mutations.ts'
import { useAppEnvironment } from '../environment.ts'
import { laterPage } from '../language/later-page.tsx'
import { useTranslate } from '../language/language.tsx'
import { TestMessage } from './test-message.tsx'
import { useSession } from '../session/session.tsx'
import { FailureBar, LiveRegion, Notice } from '../ui/notice.tsx'
import { LinkedText, LocalTime, RequestId } from '../ui/values.tsx'
import { type Freshness, Page, PageIntro, PartNotLoaded, QueryPage } from '../ui/page.tsx'
import { ConnectionCard } from './connection-card.tsx'
import {
  asksToReconnect,
  credentialWarning,
  keepsOnlyDrafts,
  onTheWireText,
  settingsProblemText,
  waitingText,
} from './connection-text.ts'
import { type ConsentFlow, useConsentFlow } from './consent-flow.ts'
import { ConsentStatus } from './consent-status.tsx'
import { readUnsaved, type SenderDraft, type Unsaved, unsavedSender, withoutSaved } from './sender-draft.ts'
import { SenderForm } from './sender-form.tsx'
import { Paragraph } from '../ui/layout.tsx'

const DeliveryReportsSection = laterPage(
  'delivery-reports',
  async () => (await import('./delivery-reports-section.tsx')).DeliveryReportsSection,
  { NotLoaded: PartNotLoaded },
)

export function Office365SmtpPage() {
  const t = useTranslate()
  const query = useQuery(settingsQuery)
  return (
    <QueryPage parent={null} title={t('settings.title')} query={query} loading={t('settings.loading')}>
      {(settings, freshness) => <SettingsScreen settings={settings} readAt={query.dataUpdatedAt} {...freshness} />}
    </QueryPage>
  )
}

// It has many texts, so it is not part of the first load.
const SetupCheckSection = laterPage(
  'setup-check',
  async () => (await import('./setup-check-section.tsx')).SetupCheckSection,
  { NotLoaded: PartNotLoaded },
)

const BADGES = {
  'not-configured': 'informative',
  connected: 'success',
  'reconnect-required': 'danger',
  'not-sending': 'danger',
  'sending-partly': 'warning',
} as const satisfies Record<Office365SmtpSettings['status'] | 'not-sending' | 'sending-partly', unknown>

const useStyles = makeStyles({
  section: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalXL },
  heading: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: `${tokens.spacingVerticalXS} ${tokens.spacingHorizontalM}`,
  },
  title: { ...typographyStyles.subtitle1, margin: 0 },
})

interface SettingsScreenProps extends Freshness {
  settings: Office365SmtpSettings
  /** When the settings were read, in ms since the epoch. */
  readAt: number
}

function SettingsScreen({ settings, readAt, refreshError, onRefresh }: SettingsScreenProps) {
  const t = useTranslate()
  const flow = useConsentFlow(settings)
  const [draft, setDraft] = useSenderDraft(settings)
  useUnsaved(draft, flow)
  const styles = useStyles()
  const sectionId = useId()
  const addressField = useRef<HTMLInputElement>(null)
  const [resets, setResets] = useState(0)
  const [onTheWire, setOnTheWire] = useState<string | null>(null)
  const configured = settings.status !== 'not-configured'
  // Microsoft may refuse the app registration, or mail, while the connection itself stays valid.
  const refused = keepsOnlyDrafts(settings.problem) ? 'sending-partly' : 'not-sending'
  const status = settings.status === 'connected' && settings.problem ? refused : settings.status
  const waiting = waitingText(settings, t)
  useFreshNotices(settings)

  useEffect(() => {
    // Runs after the dialog has closed; before that the field cannot take the focus.
    if (resets > 0) addressField.current?.focus()
  }, [resets])

  return (
    <Page width="form">
      <PageIntro title={t('settings.title')} />
      <section aria-labelledby={sectionId} className={styles.section}>
        <div className={styles.heading}>
          <h2 id={sectionId} className={styles.title}>
            {t('settings.section')}
          </h2>
          <Badge appearance="tint" size="large" color={BADGES[status]}>
            {t(`settings.status.${status}`)}
          </Badge>
        </div>
        <Paragraph muted>{t('settings.intro')}</Paragraph>
        <LiveRegion>
          {refreshError && (
            <FailureBar error={refreshError} onRetry={onRefresh}>
              <span>{t.rich('settings.as-read', { time: <LocalTime at={new Date(readAt).toISOString()} /> })}</span>
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
            <Notice intent="success" title={t('settings.reset.done')}>
              <span>{t('settings.reset.done.text')}</span>
              {onTheWire && <span>{onTheWire}</span>}
            </Notice>
          )}
          {!configured && waiting && <Notice intent="warning" title={waiting} />}
        </LiveRegion>
        {configured && <ConnectionCard settings={settings} />}
        <SenderForm
          ref={addressField}
          settings={settings}
          draft={draft}
          onDraft={setDraft}
          flow={flow}
          onReset={(requestsOnTheWire) => {
            setOnTheWire(onTheWireText(requestsOnTheWire, settings.fromEmail, t))
            setDraft({})
            flow.dismissEnded()
            setResets(resets + 1)
          }}
        />
        {configured && <DeliveryReportsSection settings={settings} flow={flow} />}
        {configured && <TestMessage />}
        <SetupCheckSection settings={settings} unsavedSender={unsavedSender(settings, draft)} />
      </section>
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

/** Restores unsaved entries when the page is shown again, without those that the settings already contain. */
function useSenderDraft(settings: Office365SmtpSettings) {
  const { user } = useSession()
  const { unsaved } = useAppEnvironment()
  const [draft, setDraft] = useState<SenderDraft>(() =>
    withoutSaved(settings, readUnsaved(unsaved, user.email)?.draft ?? {}),
  )
  const [draftVersion, setDraftVersion] = useState(settings.version)
  if (draftVersion !== settings.version) {
    setDraftVersion(settings.version)
    setDraft(withoutSaved(settings, draft))
  }
  return [draft, setDraft] as const
}

/** Holds what is unsaved, for when this page is shown again. */
function useUnsaved(draft: SenderDraft, { unfinished, isUnderWay }: ConsentFlow): void {
  const { user } = useSession()
  const { unsaved } = useAppEnvironment()
  useEffect(() => {
    const hold = () => {
      const held: Unsaved = { userEmail: user.email, draft, consents: [...unfinished()] }
      unsaved.hold('settings', held, isUnderWay)
    }
    hold()
    return hold // a consent may have completed since
  })
}

interface SettingsProblemBarProps {
  problem: SettingsProblem
  starting: boolean
  onReconnect: () => void
}

/** Why the configured connection does not work, and who can fix it. */
function SettingsProblemBar({ problem, starting, onReconnect }: SettingsProblemBarProps) {
  const t = useTranslate()
  const sending = useSendNow()
  const { code, since, correlationId } = problem
  const { title, detail, action, lang } = settingsProblemText(problem, t)
  return (
    <>
      <Notice
        intent={keepsOnlyDrafts(problem) ? 'warning' : 'error'}
        title={title}
        actions={
          <>
            {asksToReconnect(problem) && (
              <Button appearance="primary" disabledFocusable={starting} onClick={onReconnect}>
                {t('settings.reconnect')}
              </Button>
            )}
            {(code === 'quota-exceeded' || code === 'mailbox-refused' || code === 'token-refused') && (
              <Button disabledFocusable={sending.isPending} onClick={() => sending.mutate()}>
                {t('overview.send-now')}
              </Button>
            )}
          </>
        }
      >
        <span lang={lang}>{detail}</span>
        <LinkedText text={action} lang={lang} />
        {code === 'app-misconfigured' && <span>{t('settings.reconnect-no-help')}</span>}
        <span>{t.rich('settings.since', { time: <LocalTime at={since} /> })}</span>
        <RequestId label={t('settings.correlation-id')} value={correlationId} />
      </Notice>
      {sending.error && <FailureBar error={sending.error} onDismiss={sending.reset} />}
    </>
  )
}

/** Warns before the app registration's secret or certificate expires. When the expiry cannot be read, it shows nothing. */
function CredentialBar() {
  const t = useTranslate()
  const { data } = useQuery(credentialQuery)
  const warning = data && credentialWarning(data, t)
  if (!warning) return null
  return (
    <Notice intent={warning.intent} title={warning.title}>
      <span>{warning.detail}</span>
      <LinkedText text={warning.action} />
    </Notice>
  )
}
