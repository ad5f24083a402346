import { makeStyles, tokens } from '@fluentui/react-components'
import type { Usage } from '@inforiver-mail/contract/usage'
import type { Office365SmtpSettings } from '@inforiver-mail/contract/office365-smtp'
import { useQuery } from '@tanstack/react-query'
import { pauseText } from '../api/server-text.ts'
import { credentialQuery, overviewQuery, usageQuery } from '../api/queries.ts'
import { useTranslate } from '../language/language.tsx'
import { FactList, LocalTime } from '../ui/values.tsx'
import { Paragraph, Surface } from '../ui/layout.tsx'
import { connectionText, keepsOnlyDrafts, permissionText, usageText, waitingText } from './connection-text.ts'
import type { GraphAuth } from '../environment.ts'

const useStyles = makeStyles({
  lines: { display: 'grid', gap: tokens.spacingVerticalXS },
  list: { listStyleType: 'none', margin: 0, padding: 0, display: 'grid', gap: tokens.spacingVerticalXS },
  name: { fontWeight: tokens.fontWeightSemibold },
})

/** Shows who sends, with whose access, since when and with which permissions. */
export function ConnectionCard({ settings }: { settings: Office365SmtpSettings }) {
  const t = useTranslate()
  const { fromEmail, mailbox, connectedAs, connectedAt, grantedPermissions, problem } = settings
  // All are optional: what cannot be read is left out.
  const { data: usage } = useQuery(usageQuery)
  const { data: overview } = useQuery({ ...overviewQuery, enabled: settings.waitingMessages > 0 })
  const { data: credential } = useQuery(credentialQuery)
  const sentence = connectionText(settings, t)
  const waiting = waitingText(settings, t, { toBeSent: usage?.waitingMessages, scheduled: overview?.scheduled })
  const graphAuth = mailbox === 'application' ? 'application' : 'delegated'
  const facts = [
    { name: t('settings.connection.sender'), value: fromEmail },
    { name: t('settings.connection.mailbox'), value: mailbox && t(`settings.mailbox.${mailbox}`) },
    { name: t('settings.connection.connected-as'), value: connectedAs && t('settings.connection.person', connectedAs) },
    { name: t('settings.connection.since'), value: connectedAt && <LocalTime at={connectedAt} /> },
    { name: t('settings.connection.waiting'), value: waiting },
    {
      name: t('settings.connection.usage'),
      value: usage && <UsageLines usage={usage} stopped={problem !== null && !keepsOnlyDrafts(problem)} />,
    },
    {
      name: t('settings.connection.permissions'),
      value: grantedPermissions.length > 0 && (
        <PermissionList
          permissions={grantedPermissions}
          graphAuth={graphAuth}
          person={connectedAs && (connectedAs.name || connectedAs.email)}
        />
      ),
    },
    {
      name: credential ? t(`settings.credential.${credential.kind}`) : '',
      value:
        credential?.expiresAt && t('settings.credential.valid-until', { day: t.time(credential.expiresAt, 'utc-day') }),
    },
  ]
  return (
    <Surface title={t('settings.connection')} level={3}>
      {sentence && <Paragraph>{sentence}</Paragraph>}
      <FactList facts={facts} />
    </Surface>
  )
}

interface UsageLinesProps {
  usage: Usage
  /** True while nothing is sent, so the end of the queue cannot be estimated. */
  stopped: boolean
}

/** Shows what is left of the limits, and when the last waiting message leaves. */
function UsageLines({ usage, stopped }: UsageLinesProps) {
  const styles = useStyles()
  const t = useTranslate()
  const { pausedUntil, pausedBecause, estimatedLastSentAt } = usage
  return (
    <div className={styles.lines}>
      <span>{usageText(usage, t) ?? t('settings.usage.unlimited')}</span>
      {pausedUntil && (
        <span>
          {t.rich('settings.usage.paused', {
            time: <LocalTime at={pausedUntil} format="seconds" />,
            why: pauseText(pausedBecause, t),
          })}
        </span>
      )}
      {estimatedLastSentAt && !stopped && (
        <span>
          {t.rich('settings.usage.last-leaves', { time: <LocalTime at={estimatedLastSentAt} format="short" /> })}
        </span>
      )}
    </div>
  )
}

interface Props {
  permissions: readonly string[]
  graphAuth: GraphAuth
  /** The person who gave access; null before anybody has. */
  person?: string | null
}

/** Lists permissions by Microsoft's names, each with what it allows. */
export function PermissionList({ permissions, graphAuth, person = null }: Props) {
  const styles = useStyles()
  const t = useTranslate()
  return (
    <ul className={styles.list}>
      {permissions.map((permission) => (
        <li key={permission}>
          {t.rich('settings.permission', {
            permission,
            text: permissionText(permission, graphAuth, person, t) ?? t('settings.permission.unused'),
            name: (content) => <span className={styles.name}>{content}</span>,
          })}
        </li>
      ))}
    </ul>
  )
}
