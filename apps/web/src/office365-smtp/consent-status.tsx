import { Button, makeStyles, Spinner, tokens, typographyStyles } from '@fluentui/react-components'
import { cancelConsent, type Consent, type Office365SmtpSettings } from '@inforiver-mail/contract/office365-smtp'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useId, useRef } from 'react'
import { call } from '../api/call.ts'
import { problemCode } from '../api/failure.ts'
import { consentQuery, settingsQuery } from '../api/queries.ts'
import { useNow } from '../environment.ts'
import { FailureBar } from '../ui/failure-bar.tsx'
import { LinkedText } from '../ui/linked-text.tsx'
import { Notice } from '../ui/notice.tsx'
import { RequestId } from '../ui/request-id.tsx'
import { onTheWireText } from './connection-text.ts'
import type { ConsentFlow } from './consent-flow.ts'
import { outcomeText, purposeText, remainingText } from './consent-text.ts'
import type { WatchedConsent } from './consent-watch.ts'
import { openConsentWindow, showConsentPage } from './consent-window.ts'

const COUNTDOWN_INTERVAL_MS = 5_000

const useStyles = makeStyles({
  pending: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalM,
    padding: tokens.spacingHorizontalL,
    borderRadius: tokens.borderRadiusXLarge,
    border: `1px solid ${tokens.colorBrandStroke2}`,
    backgroundColor: tokens.colorBrandBackground2,
    color: tokens.colorNeutralForeground1,
  },
  title: {
    ...typographyStyles.body1Strong,
    margin: 0,
    display: 'flex',
    alignItems: 'center',
    gap: tokens.spacingHorizontalS,
    overflowWrap: 'anywhere',
  },
  text: { margin: 0 },
  actions: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalM },
  outcome: { borderRadius: tokens.borderRadiusMedium },
})

interface Props {
  consent: WatchedConsent
  settings: Office365SmtpSettings
  /** When the settings were read, in ms since the epoch. */
  settingsReadAt: number
  flow: ConsentFlow
}

/** Shows one consent, from waiting for Microsoft to its outcome. The outcome always comes from the API. */
export function ConsentStatus({ consent: watched, settings, settingsReadAt, flow }: Props) {
  const queryClient = useQueryClient()
  const { data: consent, dataUpdatedAt, error, refetch } = useQuery(consentQuery(watched.id))
  const ended = consent !== undefined && consent.status !== 'pending'
  const settingsAreNewer = settingsReadAt >= dataUpdatedAt
  // A problem that came up since replaces the success; it has a notice of its own.
  const outdated = consent?.status === 'completed' && settingsAreNewer && settings.problem !== null
  const dismiss = () => flow.dismiss(watched.id)

  useEffect(() => {
    if (ended) void queryClient.invalidateQueries(settingsQuery)
  }, [ended, queryClient])

  useEffect(() => {
    if (outdated) flow.dismiss(watched.id)
  }, [outdated, flow, watched.id])

  if (!consent) {
    if (!error) return <Spinner size="tiny" label="Reading what became of the consent" />
    if (problemCode(error) !== 'not-found') return <FailureBar error={error} onRetry={() => void refetch()} />
    return (
      <Notice intent="info" title="The consent is no longer known" onDismiss={dismiss}>
        <span>The page shows the settings as they are.</span>
      </Notice>
    )
  }
  if (!ended) return <PendingConsent consent={consent} fromEmail={watched.fromEmail} pollError={error} />
  if (outdated) return null
  // Success is claimed only once the settings have been read again.
  if (consent.status === 'completed' && !settingsAreNewer) {
    return <Spinner size="tiny" label="Reading the settings" />
  }
  return <Outcome consent={consent} watched={watched} settings={settings} flow={flow} onDismiss={dismiss} />
}

interface PendingProps {
  consent: Consent
  fromEmail: string | null
  /** Why the last poll failed; polling continues. */
  pollError: Error | null
}

function PendingConsent({ consent, fromEmail, pollError }: PendingProps) {
  const styles = useStyles()
  const titleId = useId()
  const now = useNow(COUNTDOWN_INTERVAL_MS)
  const queryClient = useQueryClient()
  const cancel = useMutation({
    mutationFn: () => call(cancelConsent, { params: { id: consent.id } }),
    onSettled: () =>
      Promise.all([
        queryClient.invalidateQueries(consentQuery(consent.id)),
        queryClient.invalidateQueries(settingsQuery),
      ]),
  })
  const { consentUrl } = consent
  const error = cancel.error ?? pollError
  return (
    <section aria-labelledby={titleId} className={styles.pending}>
      <p className={styles.title}>
        <Spinner size="tiny" aria-hidden />
        <span id={titleId}>Waiting for consent at Microsoft to {purposeText(consent.purpose, fromEmail)}</span>
      </p>
      <p className={styles.text}>
        {consentUrl
          ? "Give consent in Microsoft's window."
          : "It was started in another browser or by another admin, and Microsoft's page can be opened only there."}{' '}
        {/* Off, or the countdown would be announced every minute. */}
        <span aria-live="off">{remainingText(consent.expiresAt, now)}</span>
      </p>
      {error && <FailureBar error={error} />}
      <div className={styles.actions}>
        {consentUrl && (
          <Button onClick={() => showConsentPage(openConsentWindow(consent.id), consent.id, consentUrl)}>
            Open Microsoft's page again
          </Button>
        )}
        <Button aria-describedby={titleId} disabledFocusable={cancel.isPending} onClick={() => cancel.mutate()}>
          Cancel
        </Button>
      </div>
    </section>
  )
}

interface OutcomeProps {
  consent: Consent
  watched: WatchedConsent
  settings: Office365SmtpSettings
  flow: ConsentFlow
  onDismiss: () => void
}

function Outcome({ consent, watched, settings, flow, onDismiss }: OutcomeProps) {
  const styles = useStyles()
  const { intent, title, detail } = outcomeText(consent, watched.fromEmail, settings)
  const { problem } = consent
  const { start } = watched
  const replaced = consent.purpose === 'update-sender' ? (consent.requestsOnTheWire ?? 0) : 0
  const onTheWire = onTheWireText(replaced, 'the old sender')
  const notice = useRef<HTMLDivElement>(null)

  useEffect(() => {
    // The button that started it may be gone. Focus is not taken from somebody who is typing.
    if (start !== null && !(document.activeElement instanceof HTMLInputElement)) notice.current?.focus()
  }, [start])

  return (
    <div ref={notice} tabIndex={-1} className={styles.outcome}>
      <Notice
        intent={intent}
        title={problem?.title ?? title}
        onDismiss={onDismiss}
        actions={
          start &&
          intent !== 'success' && (
            <Button disabledFocusable={flow.starting} onClick={() => flow.begin(start)}>
              Try again
            </Button>
          )
        }
      >
        <span>{problem?.detail ?? detail}</span>
        {onTheWire && <span>{onTheWire}</span>}
        {problem && (
          <span>
            <LinkedText text={problem.action} />
          </span>
        )}
        {problem && consent.purpose !== 'delivery-reports' && <span>Nothing was changed.</span>}
        <RequestId label="Correlation id" value={problem?.correlationId ?? null} />
      </Notice>
    </div>
  )
}
