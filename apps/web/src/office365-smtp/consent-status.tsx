import {
  Button,
  makeStyles,
  MessageBar,
  MessageBarActions,
  MessageBarBody,
  MessageBarTitle,
  Spinner,
  tokens,
  typographyStyles,
} from '@fluentui/react-components'
import { DismissRegular } from '@fluentui/react-icons/svg/dismiss'
import { cancelConsent, type Consent, type Office365SmtpSettings } from '@inforiver-mail/contract/office365-smtp'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useId, useRef } from 'react'
import { call } from '../api/call.ts'
import { problemCode } from '../api/failure.ts'
import { consentQuery, settingsQuery } from '../api/queries.ts'
import { FailureBar } from '../shell/failure-bar.tsx'
import { LinkedText } from '../shell/linked-text.tsx'
import { RequestId } from '../shell/request-id.tsx'
import { useNow } from '../surroundings.ts'
import type { ConsentFlow } from './consent-flow.ts'
import type { WatchedConsent } from './consent-watch.ts'
import { openConsentWindow, showConsentPage } from './consent-window.ts'
import { outcomeText, purposeWords, remainingWords } from './consent-words.ts'

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
  title: { ...typographyStyles.body1Strong, margin: 0, display: 'flex', gap: tokens.spacingHorizontalS },
  text: { margin: 0, overflowWrap: 'anywhere' },
  actions: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalM },
  outcome: { borderRadius: tokens.borderRadiusMedium, outlineOffset: '2px' },
  body: { overflowWrap: 'anywhere' },
})

interface Props {
  consent: WatchedConsent
  settings: Office365SmtpSettings
  /** When the settings were read, in milliseconds since 1970. */
  settingsReadAt: number
  flow: ConsentFlow
}

/** One consent, from waiting for Microsoft to its outcome, which always comes from the API. */
export function ConsentStatus({ consent: watched, settings, settingsReadAt, flow }: Props) {
  const queryClient = useQueryClient()
  const { data: consent, dataUpdatedAt, error, isFetching, refetch } = useQuery(consentQuery(watched.id))
  const ended = consent !== undefined && consent.status !== 'pending'

  useEffect(() => {
    if (ended) void queryClient.invalidateQueries(settingsQuery)
  }, [ended, queryClient])

  if (!consent) {
    if (!error) return <Spinner size="tiny" label="Reading what became of the consent" />
    if (problemCode(error) === 'not-found') return <UnknownOutcome onDismiss={() => flow.dismiss(watched.id)} />
    return <FailureBar error={error} retrying={isFetching} onRetry={() => void refetch()} />
  }
  if (!ended) return <PendingConsent consent={consent} fromEmail={watched.fromEmail} error={error} />
  // Before the settings have been read again there is no success to show.
  if (consent.status === 'completed' && settingsReadAt < dataUpdatedAt) {
    return <Spinner size="tiny" label="Reading the settings" />
  }
  return <Outcome consent={consent} watched={watched} settings={settings} flow={flow} />
}

interface PendingProps {
  consent: Consent
  fromEmail: string | null
  /** Why the API could not be asked just now. */
  error: Error | null
}

function PendingConsent({ consent, fromEmail, error }: PendingProps) {
  const styles = useStyles()
  const sentenceId = useId()
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
  return (
    <section aria-labelledby={sentenceId} className={styles.pending}>
      <p id={sentenceId} className={styles.title}>
        <Spinner size="tiny" />
        Waiting for consent at Microsoft to {purposeWords(consent.purpose, fromEmail)}
      </p>
      <p className={styles.text}>
        {consentUrl
          ? "Give consent in Microsoft's window. This page notices by itself."
          : "It was started in another browser or by another admin, and Microsoft's page can be opened only there."}{' '}
        {/* Not announced again with every change. */}
        <span aria-live="off">{remainingWords(consent.expiresAt, now)}</span>
      </p>
      {(cancel.error ?? error) && <PendingFailure error={cancel.error ?? error} />}
      <div className={styles.actions}>
        {consentUrl && (
          <Button onClick={() => showConsentPage(openConsentWindow(), consent.id, consentUrl)}>
            Open Microsoft's page again
          </Button>
        )}
        <Button aria-describedby={sentenceId} disabledFocusable={cancel.isPending} onClick={() => cancel.mutate()}>
          Cancel
        </Button>
      </div>
    </section>
  )
}

function PendingFailure({ error }: { error: Error | null }) {
  return error && <FailureBar error={error} />
}

interface OutcomeProps {
  consent: Consent
  watched: WatchedConsent
  settings: Office365SmtpSettings
  flow: ConsentFlow
}

function Outcome({ consent, watched, settings, flow }: OutcomeProps) {
  const styles = useStyles()
  const { intent, title, detail } = outcomeText(consent, watched.fromEmail, settings)
  const { problem } = consent
  const { start } = watched
  const bar = useRef<HTMLDivElement>(null)

  useEffect(() => {
    // The button that started it may be gone. Somebody who is writing elsewhere is left alone.
    if (start !== null && !(document.activeElement instanceof HTMLInputElement)) bar.current?.focus()
  }, [start])

  return (
    <div ref={bar} tabIndex={-1} className={styles.outcome}>
      <MessageBar intent={intent} layout="multiline">
        <MessageBarBody className={styles.body}>
          <MessageBarTitle>{problem?.title ?? title}</MessageBarTitle>
          {problem ? (
            <>
              {problem.detail} <LinkedText text={problem.action} />
              <RequestId label="Correlation id" value={problem.correlationId} />
            </>
          ) : (
            detail
          )}
        </MessageBarBody>
        <MessageBarActions containerAction={<DismissButton onClick={() => flow.dismiss(watched.id)} />}>
          {start && intent !== 'success' && (
            <Button disabledFocusable={flow.starting} onClick={() => flow.begin(start)}>
              Try again
            </Button>
          )}
        </MessageBarActions>
      </MessageBar>
    </div>
  )
}

function UnknownOutcome({ onDismiss }: { onDismiss: () => void }) {
  return (
    <MessageBar intent="info" layout="multiline">
      <MessageBarBody>
        <MessageBarTitle>The consent is no longer known</MessageBarTitle>
        The page shows the settings as they are.
      </MessageBarBody>
      <MessageBarActions containerAction={<DismissButton onClick={onDismiss} />} />
    </MessageBar>
  )
}

function DismissButton({ onClick }: { onClick: () => void }) {
  return <Button appearance="transparent" icon={<DismissRegular />} aria-label="Dismiss" onClick={onClick} />
}
