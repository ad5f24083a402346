import { Link, makeStyles, tokens, typographyStyles } from '@fluentui/react-components'
import { sameAddress } from '@inforiver-mail/contract/email-address'
import type { Office365SmtpSettings } from '@inforiver-mail/contract/office365-smtp'
import { approvalPath, type Permission } from '@inforiver-mail/contract/permission'
import type { GraphAuth } from '../environment.ts'
import { CopyButton } from '../ui/copy-button.tsx'
import { meanwhileText } from './connection-text.ts'
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
  copy: { marginTop: tokens.spacingVerticalS },
})

interface ConsentPreviewProps {
  button: 'Enable' | 'Save'
  settings: Office365SmtpSettings
  permissions: readonly Permission[]
  values: SenderValues
  adminEmail: string
  graphAuth: GraphAuth
}

/** Says, before the button is pressed, what it asks Microsoft for and what happens next. */
export function ConsentPreview({ button, settings, permissions, values, adminEmail, graphAuth }: ConsentPreviewProps) {
  const styles = useStyles()
  const changesSender = settings.fromEmail !== null && !sameAddress(settings.fromEmail, values.fromEmail)
  const meanwhile = meanwhileText(settings, changesSender)
  const isValid = addressFault(values.fromEmail) === null
  const isShared = isValid && !sameAddress(values.fromEmail, adminEmail)
  const notYours = `It need not be the account you are signed in with (${adminEmail}).`
  const isApplication = graphAuth === 'application'
  return (
    <div className={styles.preview}>
      <h3 className={styles.title}>What {button} asks Microsoft for</h3>
      <PermissionList permissions={permissions} graphAuth={graphAuth} />
      <p className={styles.text}>
        {isApplication
          ? "For the application itself: no person's access is used or kept. Microsoft's page shows every permission that the app registration lists."
          : 'Also to sign that person in, and to keep the access while nobody is signed in (openid, profile, offline_access). Microsoft does not ask again for what was granted earlier.'}
      </p>
      <h3 className={styles.title}>What happens next</h3>
      <ul className={styles.steps}>
        <li>{button} opens Microsoft's page in a popup window.</li>
        <li>
          {isApplication
            ? `An Entra administrator chooses their account there and accepts. ${notYours}`
            : `Sign in with the account that will send. ${notYours}`}
          {!isApplication && isShared && ` The account needs the Send As right on ${values.fromEmail}.`}
        </li>
        {isApplication && (
          <li>
            A message {isValid && `from ${values.fromEmail} `}to {adminEmail} then shows that it works.
          </li>
        )}
        {meanwhile && <li>{meanwhile}</li>}
        <li>
          {isApplication ? (
            'Unless an Exchange administrator limits it to this one, the application may use every mailbox of the organisation. The installation guide says how.'
          ) : (
            <AdminConsentLink permissions={permissions} />
          )}
        </li>
      </ul>
    </div>
  )
}

/** The address at which an Entra administrator, who need not be this admin, approves the permissions. */
function AdminConsentLink({ permissions }: { permissions: readonly Permission[] }) {
  const styles = useStyles()
  const url = `${location.origin}${approvalPath(permissions)}` // absolute, because it may be opened in another browser
  return (
    <>
      An Entra administrator may have to approve this once for the organisation, also in another browser, at{' '}
      <Link inline href={url} target="_blank" rel="noreferrer">
        {url}
      </Link>
      <div className={styles.copy}>
        <CopyButton label="Copy link" text={url} fallback="Select the address above." />
      </div>
    </>
  )
}
