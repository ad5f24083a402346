import { makeStyles, tokens } from '@fluentui/react-components'
import type { MailboxKind, Office365SmtpSettings } from '@inforiver-mail/contract/office365-smtp'
import type { ReactNode } from 'react'
import { LocalTime } from '../shell/local-time.tsx'
import { connectionWords, waitingWords } from './connection-words.ts'
import { PermissionList } from './permission-list.tsx'
import { Surface } from './surface.tsx'

const useStyles = makeStyles({
  sentence: { margin: 0 },
  facts: {
    margin: 0,
    display: 'grid',
    gridTemplateColumns: 'minmax(120px, max-content) 1fr',
    gap: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalXL}`,
    '@media (max-width: 640px)': { gridTemplateColumns: '1fr', rowGap: 0 },
  },
  name: { color: tokens.colorNeutralForeground2 },
  value: {
    margin: 0,
    '@media (max-width: 640px)': { marginBottom: tokens.spacingVerticalM },
  },
})

const MAILBOXES = {
  own: 'Own mailbox',
  delegated: 'Delegated mailbox: a shared mailbox or group',
  application: 'Any mailbox the application may use',
} as const satisfies Record<MailboxKind, string>

/** Who sends, with whose access, since when and with which permissions. */
export function ConnectionCard({ settings }: { settings: Office365SmtpSettings }) {
  const styles = useStyles()
  const { fromEmail, mailbox, connectedAs, connectedAt, grantedPermissions } = settings
  const sentence = connectionWords(settings)
  const waiting = waitingWords(settings)
  const facts = [
    { name: 'Sender', value: fromEmail },
    { name: 'Mailbox', value: mailbox && MAILBOXES[mailbox] },
    { name: 'Connected as', value: connectedAs && `${connectedAs.name} (${connectedAs.email})` },
    { name: 'Connected since', value: connectedAt && <LocalTime at={connectedAt} /> },
    { name: 'Waiting messages', value: waiting },
    {
      name: 'Permissions',
      value: grantedPermissions.length > 0 && <PermissionList permissions={grantedPermissions} />,
    },
  ]
  return (
    <Surface title="Connection">
      {sentence && <p className={styles.sentence}>{sentence}</p>}
      <dl className={styles.facts}>
        {facts.map(
          ({ name, value }) =>
            value && (
              <Fact key={name} name={name}>
                {value}
              </Fact>
            ),
        )}
      </dl>
    </Surface>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  const styles = useStyles()
  return (
    <>
      <dt className={styles.name}>{name}</dt>
      <dd className={styles.value}>{children}</dd>
    </>
  )
}
