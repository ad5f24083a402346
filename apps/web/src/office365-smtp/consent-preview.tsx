import { makeStyles, tokens, typographyStyles } from '@fluentui/react-components'
import { sameAddress } from '@inforiver-mail/contract/email-address'
import type { Permission } from '@inforiver-mail/contract/permission'
import { AdminConsentLink } from './admin-consent-link.tsx'
import { PermissionList } from './permission-list.tsx'
import { addressFault, type SenderValues } from './sender-draft.ts'

const useStyles = makeStyles({
  preview: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalM,
    padding: tokens.spacingHorizontalL,
    borderRadius: tokens.borderRadiusLarge,
    border: `1px solid ${tokens.colorTransparentStroke}`,
    backgroundColor: tokens.colorNeutralBackground3,
  },
  title: { ...typographyStyles.body1Strong, margin: 0 },
  text: { margin: 0, overflowWrap: 'anywhere' },
})

interface Props {
  button: 'Enable' | 'Save'
  permissions: readonly Permission[]
  values: SenderValues
  adminEmail: string
  /** The sender that works now; null when there is none. */
  currentSender: string | null
}

/** What pressing the button leads to, before it is pressed. */
export function ConsentPreview({ button, permissions, values, adminEmail, currentSender }: Props) {
  const styles = useStyles()
  const changesSender = currentSender !== null && !sameAddress(currentSender, values.fromEmail)
  const delegated = addressFault(values.fromEmail) === null && !sameAddress(values.fromEmail, adminEmail)
  return (
    <div className={styles.preview}>
      <h3 className={styles.title}>What {button} asks Microsoft for</h3>
      <PermissionList permissions={permissions} />
      <p className={styles.text}>
        Besides, to sign that person in and to keep the access while nobody is signed in (openid, profile,
        offline_access). What was granted earlier is not asked again.
      </p>
      <p className={styles.text}>
        {button} opens Microsoft's page. You are {adminEmail} here; at Microsoft another account may be chosen, and
        whoever gives consent there is the one whose access is used.
        {delegated && ` That account needs the Send As right on ${values.fromEmail}.`}
      </p>
      {currentSender !== null && (
        <p className={styles.text}>
          {changesSender
            ? `Mail keeps leaving from ${currentSender} until the consent for ${values.fromEmail} completes, and if it does not.`
            : `Mail keeps leaving from ${currentSender} meanwhile.`}
        </p>
      )}
      <AdminConsentLink largeAttachments={values.largeAttachments} />
    </div>
  )
}
