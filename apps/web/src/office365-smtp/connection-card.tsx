import { makeStyles, tokens } from '@fluentui/react-components'
import type { Usage } from '@inforiver-mail/contract/usage'
import type { MailboxKind, Office365SmtpSettings } from '@inforiver-mail/contract/office365-smtp'
import { useQuery } from '@tanstack/react-query'
import { credentialQuery, usageQuery } from '../api/queries.ts'
import { FactList } from '../ui/fact-list.tsx'
import { LocalTime } from '../ui/local-time.tsx'
import { Surface } from '../ui/surface.tsx'
import { connectionText, usageText, waitingText } from './connection-text.ts'
import { isoDay, KIND_LABELS } from './credential-text.ts'
import { PermissionList } from './permission-list.tsx'

const useStyles = makeStyles({
  sentence: { margin: 0 },
  lines: { display: 'grid', gap: tokens.spacingVerticalXS },
})

const MAILBOXES = {
  own: 'Own mailbox',
  delegated: 'Delegated mailbox: a shared mailbox or group',
  application: 'With the access of the application itself',
} as const satisfies Record<MailboxKind, string>

/** Shows who sends, with whose access, since when and with which permissions. */
export function ConnectionCard({ settings }: { settings: Office365SmtpSettings }) {
  const styles = useStyles()
  const { fromEmail, mailbox, connectedAs, connectedAt, grantedPermissions, problem } = settings
  // Both are optional: when they cannot be read, they are left out.
  const { data: usage } = useQuery(usageQuery)
  const { data: credential } = useQuery(credentialQuery)
  const sentence = connectionText(settings)
  const waiting = waitingText(settings, usage?.waitingMessages)
  const graphAuth = mailbox === 'application' ? 'application' : 'delegated'
  const facts = [
    { name: 'Sender', value: fromEmail },
    { name: 'Mailbox', value: mailbox && MAILBOXES[mailbox] },
    { name: 'Connected as', value: connectedAs && `${connectedAs.name} (${connectedAs.email})` },
    { name: 'Connected since', value: connectedAt && <LocalTime at={connectedAt} /> },
    { name: 'Waiting messages', value: waiting },
    { name: 'Usage', value: usage && <UsageLines usage={usage} stopped={problem !== null} /> },
    {
      name: 'Permissions',
      value: grantedPermissions.length > 0 && (
        <PermissionList
          permissions={grantedPermissions}
          graphAuth={graphAuth}
          person={connectedAs && (connectedAs.name || connectedAs.email)}
        />
      ),
    },
    ...(credential?.expiresAt
      ? [{ name: KIND_LABELS[credential.kind], value: `Valid until ${isoDay(credential.expiresAt)}` }]
      : []),
  ]
  return (
    <Surface title="Connection">
      {sentence && <p className={styles.sentence}>{sentence}</p>}
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
  const { pausedUntil, estimatedLastSentAt } = usage
  return (
    <div className={styles.lines}>
      <span>{usageText(usage) ?? 'Messages, recipients and attachments are not limited.'}</span>
      {pausedUntil && (
        <span>
          Nothing is sent before <LocalTime at={pausedUntil} format="seconds" />: Microsoft takes no mail until then, or
          gives no access.
        </span>
      )}
      {estimatedLastSentAt && !stopped && (
        <span>
          The last waiting message leaves by about <LocalTime at={estimatedLastSentAt} format="short" />.
        </span>
      )}
    </div>
  )
}
