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
  text: { margin: 0, color: tokens.colorNeutralForeground2 },
  steps: {
    margin: 0,
    paddingLeft: tokens.spacingHorizontalXL,
    display: 'grid',
    gap: tokens.spacingVerticalS,
  },
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
        Also to sign that person in, and to keep the access while nobody is signed in (openid, profile, offline_access).
        Microsoft does not ask again for what was granted earlier.
      </p>
      <h3 className={styles.title}>How it goes</h3>
      <ul className={styles.steps}>
        <li>{button} opens Microsoft's page in a popup window.</li>
        <li>
          Choose the account whose access is to be used. You are {adminEmail} here, but it may be another one.
          {delegated && ` It needs the Send As right on ${values.fromEmail}.`}
        </li>
        {currentSender !== null && (
          <li>
            Mail keeps leaving from {currentSender} {changesSender ? 'until this completes' : 'meanwhile'}. If it fails,
            nothing changes.
          </li>
        )}
        <li>
          <AdminConsentLink largeAttachments={values.largeAttachments} />
        </li>
      </ul>
    </div>
  )
}
