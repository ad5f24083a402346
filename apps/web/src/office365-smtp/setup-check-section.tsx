import { Badge, Button, makeStyles, ProgressBar, tokens } from '@fluentui/react-components'
import type { Office365SmtpSettings } from '@inforiver-mail/contract/office365-smtp'
import { type Check, checkSetup, type CheckStatus } from '@inforiver-mail/contract/setup-check'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useId } from 'react'
import { call } from '../api/call.ts'
import { versionQuery } from '../api/queries.ts'
import { useAppEnvironment } from '../environment.ts'
import { useTranslate } from '../language/language.tsx'
import { CopyButton, LinkedText } from '../ui/values.tsx'
import { FailureBar, LiveRegion } from '../ui/notice.tsx'
import { ButtonRow, Paragraph, Surface } from '../ui/layout.tsx'
import { byUrgency, checkText, summaryText } from './setup-check-text.ts'
import { supportText } from './support-text.ts'

const useStyles = makeStyles({
  text: { margin: 0, color: tokens.colorNeutralForeground2 },
  list: { listStyleType: 'none', margin: 0, padding: 0, display: 'grid', gap: tokens.spacingVerticalM },
  check: {
    display: 'grid',
    gridTemplateColumns: '112px 1fr',
    gap: tokens.spacingHorizontalM,
    '@media (max-width: 480px)': { gridTemplateColumns: '1fr' },
  },
  lines: { display: 'grid', gap: tokens.spacingVerticalXXS, minWidth: 0 },
  title: { margin: 0, fontWeight: tokens.fontWeightSemibold },
})

const COLORS = {
  ok: 'success',
  warning: 'warning',
  failed: 'danger',
  skipped: 'informative',
} as const satisfies Record<CheckStatus, string>

interface Props {
  settings: Office365SmtpSettings
  /** A valid address that is entered and not saved, to be checked in place of the sender; null for none. */
  unsavedSender: string | null
}

/** Checks the whole set-up on request, before and after a mailbox is connected; nothing is sent or changed. */
export function SetupCheckSection({ settings, unsavedSender }: Props) {
  const styles = useStyles()
  const t = useTranslate()
  const progressId = useId()
  const { clock } = useAppEnvironment()
  const { data: version = null } = useQuery(versionQuery)
  const check = useMutation({
    mutationFn: async (fromEmail: string | null) => {
      const { checks } = await call(checkSetup, { body: fromEmail === null ? {} : { fromEmail } })
      return { checks, fromEmail, at: clock(), settingsVersion: settings.version }
    },
  })
  const start = () => check.mutate(unsavedSender)
  // What was found under other settings, such as before a mailbox was connected, no longer holds.
  const found = check.data?.settingsVersion === settings.version ? check.data : undefined
  const outdated = check.data !== undefined && !found
  return (
    <Surface title={t('checks.title')} level={3}>
      <Paragraph muted>{t('checks.intro')}</Paragraph>
      <ButtonRow>
        <Button disabledFocusable={check.isPending} onClick={start}>
          {t(check.data ? 'checks.again' : 'checks.start')}
        </Button>
        {unsavedSender !== null && <span>{t('checks.unsaved', { sender: unsavedSender })}</span>}
      </ButtonRow>
      <LiveRegion>
        {check.isPending && (
          <div>
            <span id={progressId}>{t('checks.running')}</span>
            <ProgressBar aria-labelledby={progressId} />
          </div>
        )}
        {check.error && <FailureBar error={check.error} onRetry={start} onDismiss={check.reset} />}
        {found && (
          <p className={styles.title}>
            {summaryText(found.checks, t)} {found.fromEmail !== null && t('checks.for', { sender: found.fromEmail })}
          </p>
        )}
        {outdated && <Paragraph muted>{t('checks.outdated')}</Paragraph>}
      </LiveRegion>
      {found && (
        <>
          <ul className={styles.list}>
            {byUrgency(found.checks).map((one) => (
              <CheckItem key={one.id} check={one} />
            ))}
          </ul>
          <CopyButton
            label={t('checks.copy')}
            text={supportText({
              version,
              settings,
              at: found.at,
              checks: found.checks,
              userAgent: navigator.userAgent,
              language: t.language,
            })}
            fallback={t('checks.copy-fallback')}
          />
          <Paragraph muted>{t('checks.copy-hint')}</Paragraph>
        </>
      )}
    </Surface>
  )
}

function CheckItem({ check }: { check: Check }) {
  const styles = useStyles()
  const t = useTranslate()
  const { title, detail, action, isEnglish, quoted } = checkText(check, t)
  return (
    <li className={styles.check}>
      <div>
        <Badge appearance="tint" color={COLORS[check.status]}>
          {t(`checks.status.${check.status}`)}
        </Badge>
      </div>
      <div className={styles.lines}>
        <span className={styles.text}>
          {t(`checks.name.${check.id}`)} · <code lang="en">{check.id}</code>
        </span>
        <div className={styles.lines} {...(isEnglish && { lang: 'en' })}>
          <p className={styles.title}>{title}</p>
          <span>
            <PartlyEnglish text={detail} english={quoted} />
          </span>
          {action !== null && <LinkedText text={action} />}
        </div>
      </div>
    </li>
  )
}

/** A text with a part that is English, whatever the page's language is. */
function PartlyEnglish({ text, english }: { text: string; english: string | null }) {
  if (english === null) return <LinkedText text={text} />
  const at = text.indexOf(english)
  return (
    <>
      <LinkedText text={text.slice(0, at)} />
      <LinkedText text={english} lang="en" />
      <LinkedText text={text.slice(at + english.length)} />
    </>
  )
}
