import { Button, makeStyles, Spinner, tokens, typographyStyles } from '@fluentui/react-components'
import { cancelConsent, type Consent, type Office365SmtpSettings } from '@inforiver-mail/contract/office365-smtp'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useId, useRef, useState } from 'react'
import { call } from '../api/call.ts'
import { problemCode } from '../api/failure.ts'
import { consentQuery, settingsQuery, useLoadError } from '../api/queries.ts'
import { serverClock } from '../api/server-clock.ts'
import { serverText } from '../api/server-text.ts'
import { useAppEnvironment, useNow } from '../environment.ts'
import { useTranslate } from '../language/language.tsx'
import { FailureBar, Notice } from '../ui/notice.tsx'
import { LinkedText, RequestId } from '../ui/values.tsx'
import { onTheWireText } from './connection-text.ts'
import type { ConsentFlow } from './consent-flow.ts'
import type { ConsentStart, WatchedConsent } from './consent-start.ts'
import {
  cancelledAtMicrosoftText,
  expiryOnThisClock,
  isReplaced,
  otherAccountText,
  outcomeText,
  remainingText,
} from './consent-text.ts'
import { openConsentWindow, showConsentPage } from './consent-window.ts'
import { ButtonRow, Paragraph } from '../ui/layout.tsx'

const COUNTDOWN_INTERVAL_MS = 5_000
/** Asks for consent to the settings as they are, which another account may give. */
const RECONNECT: ConsentStart = { purpose: 'reconnect' }

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
  const t = useTranslate()
  const queryClient = useQueryClient()
  const query = useQuery(consentQuery(watched.id))
  const { data: consent, dataUpdatedAt, refetch } = query
  const error = useLoadError(query)
  const ended = consent !== undefined && consent.status !== 'pending'
  const settingsAreNewer = settingsReadAt >= dataUpdatedAt
  const outdated = consent !== undefined && settingsAreNewer && isReplaced(consent, settings)
  const dismiss = () => flow.dismiss(watched.id)

  useEffect(() => {
    if (ended) void queryClient.invalidateQueries(settingsQuery)
  }, [ended, queryClient])

  useEffect(() => {
    if (outdated) flow.dismiss(watched.id)
  }, [outdated, flow, watched.id])

  if (!consent) {
    if (!error) return <Spinner size="tiny" label={t('settings.consent.reading')} />
    if (problemCode(error) !== 'not-found') return <FailureBar error={error} onRetry={() => void refetch()} />
    return (
      <Notice intent="info" title={t('settings.consent.unknown.title')} onDismiss={dismiss}>
        <span>{t('settings.consent.unknown.text')}</span>
      </Notice>
    )
  }
  if (!ended) {
    const sender = watched.fromEmail ?? settings.fromEmail
    return (
      <PendingConsent
        consent={consent}
        readAt={dataUpdatedAt}
        startedAt={watched.startedAt}
        sender={sender ?? ''}
        pollError={error}
      />
    )
  }
  if (outdated) return null
  // Success is claimed only once the settings have been read again.
  if (consent.status === 'completed' && !settingsAreNewer) {
    return <Spinner size="tiny" label={t('settings.loading')} />
  }
  return <Outcome consent={consent} watched={watched} settings={settings} flow={flow} onDismiss={dismiss} />
}

interface PendingProps {
  consent: Consent
  /** When it was read, in ms since the epoch. */
  readAt: number
  /** When this page started it, and so could answer it; 0 where it did not. */
  startedAt: number
  sender: string
  /** Why the last poll failed; polling continues. */
  pollError: Error | null
}

function PendingConsent({ consent, readAt, startedAt, sender, pollError }: PendingProps) {
  const styles = useStyles()
  const t = useTranslate()
  const titleId = useId()
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
  const { unsaved } = useAppEnvironment()
  // Another tab of the same session may answer it too, and reads the address as long as it can. A later session does not.
  const [answerableAt, setAnswerableAt] = useState(startedAt)
  if (consentUrl !== null && readAt > answerableAt) setAnswerableAt(readAt)
  const beingChecked = consentUrl === null && answerableAt > unsaved.sessionEndedAt()
  const error = cancel.error ?? pollError
  return (
    <section aria-labelledby={titleId} className={styles.pending}>
      <p className={styles.title}>
        <Spinner size="tiny" aria-hidden />
        <span id={titleId}>{t(`settings.consent.waiting.${consent.purpose}`, { sender })}</span>
      </p>
      <Paragraph>
        {beingChecked
          ? t('settings.consent.checking')
          : t(consentUrl ? 'settings.consent.give' : 'settings.consent.elsewhere')}{' '}
        {!beingChecked && <Countdown key={consent.expiresAt} expiresAt={consent.expiresAt} />}
      </Paragraph>
      {error && <FailureBar error={error} />}
      <ButtonRow>
        {consentUrl && (
          <Button onClick={() => showConsentPage(openConsentWindow(consent.id, t), consent.id, consentUrl)}>
            {t('settings.consent.open-again')}
          </Button>
        )}
        <Button aria-describedby={titleId} disabledFocusable={cancel.isPending} onClick={() => cancel.mutate()}>
          {t('settings.consent.cancel')}
        </Button>
      </ButtonRow>
    </section>
  )
}

function Countdown({ expiresAt }: Pick<Consent, 'expiresAt'>) {
  const t = useTranslate()
  const { clock } = useAppEnvironment()
  const now = useNow(COUNTDOWN_INTERVAL_MS)
  const [expiry] = useState(() => expiryOnThisClock(expiresAt, serverClock.now(), clock()))
  // Off, or it would be announced every minute.
  return <span aria-live="off">{remainingText(expiry, now, t)}</span>
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
  const t = useTranslate()
  const { intent, title, detail } = outcomeText(consent, watched.fromEmail, settings, t)
  const { problem } = consent
  const said = problem && serverText(problem, t)
  const { start } = watched
  const replaced = consent.purpose === 'update-sender' ? (consent.requestsOnTheWire ?? 0) : 0
  const onTheWire = onTheWireText(replaced, null, t)
  const otherAccount = otherAccountText(consent, watched.fromEmail ?? settings.fromEmail, settings, t)
  const notice = useRef<HTMLDivElement>(null)

  useEffect(() => {
    // The button that started it may be gone. Focus is not taken from somebody who is typing.
    if (start !== null && !(document.activeElement instanceof HTMLInputElement)) notice.current?.focus()
  }, [start])

  const button = (text: 'try-again' | 'choose-account', next: ConsentStart) => (
    <Button key={text} disabledFocusable={flow.starting} onClick={() => flow.begin(next)}>
      {t(`settings.consent.${text}`)}
    </Button>
  )
  // Somebody changed their mind, which is no failure.
  const isCancelled = problem?.code === 'consent-cancelled'
  const saidTitle = isCancelled ? cancelledAtMicrosoftText(consent.purpose, start !== null, t) : said?.title
  return (
    <div ref={notice} tabIndex={-1} className={styles.outcome}>
      <Notice
        intent={isCancelled ? 'info' : intent}
        title={saidTitle ?? title}
        onDismiss={onDismiss}
        actions={
          <>
            {start && intent !== 'success' && button('try-again', start)}
            {start &&
              otherAccount &&
              !isCancelled &&
              button('choose-account', consent.status === 'completed' ? RECONNECT : start)}
          </>
        }
      >
        {!isCancelled && (
          <>
            <span lang={said?.lang}>{said?.detail ?? detail}</span>
            {otherAccount && <span>{otherAccount}</span>}
            {onTheWire && <span>{onTheWire}</span>}
          </>
        )}
        {said && <LinkedText text={said.action} lang={said.lang} />}
        {problem && !isCancelled && consent.purpose !== 'delivery-reports' && (
          <span>{t('settings.consent.nothing-changed')}</span>
        )}
        <RequestId label={t('settings.correlation-id')} value={problem?.correlationId ?? null} />
      </Notice>
    </div>
  )
}
