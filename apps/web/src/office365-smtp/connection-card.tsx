import { makeStyles } from '@fluentui/react-components'
import type { MailboxKind, Office365SmtpSettings } from '@inforiver-mail/contract/office365-smtp'
import { useQuery } from '@tanstack/react-query'
import { usageQuery } from '../api/queries.ts'
import { FactList } from '../shell/fact-list.tsx'
import { LocalTime } from '../shell/local-time.tsx'
import { Surface } from '../shell/surface.tsx'
import { connectionWords, waitingWords } from './connection-words.ts'
import { credentialQuery } from './credential-query.ts'
import { dayWords, KIND_LABELS } from './credential-words.ts'
import { PermissionList } from './permission-list.tsx'
import { UsageLines } from './usage-lines.tsx'

const useStyles = makeStyles({
  sentence: { margin: 0 },
})

const MAILBOXES = {
  own: 'Own mailbox',
  delegated: 'Delegated mailbox: a shared mailbox or group',
  application: 'With the access of the application itself',
} as const satisfies Record<MailboxKind, string>

/** Who sends, with whose access, since when and with which permissions. */
export function ConnectionCard({ settings }: { settings: Office365SmtpSettings }) {
  const styles = useStyles()
  const { fromEmail, mailbox, connectedAs, connectedAt, grantedPermissions, problem } = settings
  // Nothing hangs on these: where they cannot be read, they are left out.
  const { data: usage } = useQuery(usageQuery)
  const { data: credential } = useQuery(credentialQuery)
  const sentence = connectionWords(settings)
  const waiting = waitingWords(settings, usage?.waitingMessages)
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
      ? [{ name: KIND_LABELS[credential.kind], value: `Valid until ${dayWords(credential.expiresAt)}` }]
      : []),
  ]
  return (
    <Surface title="Connection">
      {sentence && <p className={styles.sentence}>{sentence}</p>}
      <FactList facts={facts} />
    </Surface>
  )
}
