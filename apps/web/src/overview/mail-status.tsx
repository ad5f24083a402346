import { Badge, type BadgeProps, Button, makeStyles, tokens, typographyStyles } from '@fluentui/react-components'
import type { Overview } from '@inforiver-mail/contract/overview'
import { useQuery } from '@tanstack/react-query'
import { settingsQuery } from '../api/queries.ts'
import { useSendNow } from '../api/mutations.ts'
import { useTranslate } from '../language/language.tsx'
import { messagesUrl, PAGES } from '../routes.ts'
import { FailureBar, LiveRegion } from '../ui/notice.tsx'
import { FactList, LocalTime } from '../ui/values.tsx'
import { CARD, VISUALLY_HIDDEN } from '../ui/styles.ts'
import { lastLeavesAt, remedyOf, sentenceOf, standingOf } from './overview-text.ts'
import { PageLink } from '../ui/page.tsx'
import { ButtonRow } from '../ui/layout.tsx'

const useStyles = makeStyles({
  status: { ...CARD, borderInlineStartWidth: '6px' },
  danger: { borderInlineStartColor: tokens.colorPaletteRedBorderActive },
  warning: { borderInlineStartColor: tokens.colorPaletteYellowBorderActive },
  success: { borderInlineStartColor: tokens.colorPaletteGreenBorderActive },
  informative: { borderInlineStartColor: tokens.colorNeutralStrokeAccessible },
  sentence: { ...typographyStyles.subtitle1, margin: 0 },
  remedy: { fontSize: 'inherit', lineHeight: 'inherit', fontWeight: 'inherit' },
  announced: VISUALLY_HIDDEN,
  since: { color: tokens.colorNeutralForeground2 },
})

const COLORS = {
  stopped: 'danger',
  delayed: 'warning',
  'by-draft': 'warning',
  retried: 'warning',
  flowing: 'success',
  idle: 'success',
  'not-configured': 'informative',
  unknown: 'informative',
} as const satisfies Record<ReturnType<typeof standingOf> | 'unknown', BadgeProps['color']>

interface Props {
  overview: Overview
  /** Since when the overview cannot be read, so that it tells what was known last; null while it can. */
  notKnownSince: string | null
}

/** One sentence and its color, then what waits. */
export function MailStatus({ overview, notKnownSince }: Props) {
  const styles = useStyles()
  const t = useTranslate()
  const { mail, since, lastSentAt, sendingProcess, waiting, scheduled, limits } = overview
  // They tell why mail is stopped, or paused.
  const { data: settings } = useQuery({ ...settingsQuery, enabled: mail === 'stopped' || limits.pausedUntil !== null })
  const sentence = sentenceOf(overview, settings, t)
  const remedy = remedyOf(overview, settings)
  const leavesAt = lastLeavesAt(overview)
  const isKnown = notKnownSince === null
  const state = isKnown ? standingOf(overview) : 'unknown'
  const shown = (at: string) => <LocalTime at={at} format="short" />
  return (
    <section className={`${styles.status} ${styles[COLORS[state]]}`} aria-labelledby="mail-status">
      <h2 id="mail-status" className={styles.sentence}>
        {isKnown ? sentence : t.rich('overview.sentence.unknown', { since: shown(notKnownSince) })}{' '}
        {isKnown && remedy !== null && (
          <PageLink
            href={remedy === 'retried' ? messagesUrl({ status: 'queued' }) : PAGES.office365Smtp}
            className={styles.remedy}
            inline
          >
            {t(`overview.remedy.${remedy}`)}
          </PageLink>
        )}
      </h2>
      <ButtonRow>
        <Badge size="large" appearance="tint" color={COLORS[state]}>
          {t(`overview.mail.${state}`)}
        </Badge>
        {/* In place of the sentence and the badge, which may change with every read while mail goes out. */}
        <span aria-live="polite" className={styles.announced}>
          {state === 'flowing' || state === 'idle' ? t('overview.mail.works') : t(`overview.mail.${state}`)}
        </span>
        {isKnown && <span className={styles.since}>{t.rich('overview.since', { since: shown(since) })}</span>}
        {limits.pausedUntil !== null && <SendNow />}
      </ButtonRow>
      <FactList
        facts={[
          {
            name: t('overview.last-known'),
            value: !isKnown && t.rich('overview.last-known.state', { sentence, since: shown(since) }),
          },
          { name: t('overview.last-sent'), value: lastSentAt ? shown(lastSentAt) : t('overview.never') },
          {
            name: t('overview.waiting'),
            value: waiting.oldestAt
              ? t.rich('overview.waiting.count', { count: waiting.count, since: shown(waiting.oldestAt) })
              : t('overview.waiting.none'),
          },
          {
            name: t('overview.last-leaves'),
            value:
              waiting.count > 0 &&
              (leavesAt
                ? t.rich('overview.last-leaves.at', { at: shown(leavesAt) })
                : t('overview.last-leaves.unknown')),
          },
          { name: t('overview.scheduled'), value: scheduled > 0 && t('messages.count', { count: scheduled }) },
          {
            name: t('overview.sending-process'),
            value: sendingProcess
              ? t.rich('overview.sending-process.since', {
                  name: sendingProcess.name,
                  since: shown(sendingProcess.since),
                })
              : t('overview.sending-process.none'),
          },
        ]}
      />
    </section>
  )
}

/** Ends the pause of the mailbox. */
function SendNow() {
  const t = useTranslate()
  const sending = useSendNow()
  return (
    <>
      <Button size="small" disabledFocusable={sending.isPending} onClick={() => sending.mutate()}>
        {t('overview.send-now')}
      </Button>
      <LiveRegion urgent>{sending.error && <FailureBar error={sending.error} />}</LiveRegion>
    </>
  )
}
