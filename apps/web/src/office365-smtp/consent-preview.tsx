import { Link, makeStyles, tokens, typographyStyles } from '@fluentui/react-components'
import { sameAddress } from '@inforiver-mail/contract/email-address'
import type { Office365SmtpSettings } from '@inforiver-mail/contract/office365-smtp'
import { approvalPath, type Permission } from '@inforiver-mail/contract/permission'
import type { GraphAuth } from '../environment.ts'
import { useTranslate } from '../language/language.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { meanwhileText } from './connection-text.ts'
import { PermissionList } from './permission-list.tsx'
import { isAddress, type SenderValues } from './sender-draft.ts'

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
    paddingInlineStart: tokens.spacingHorizontalXL,
    display: 'grid',
    gap: tokens.spacingVerticalS,
  },
  copy: { marginTop: tokens.spacingVerticalS },
})

interface ConsentPreviewProps {
  button: 'enable' | 'save'
  settings: Office365SmtpSettings
  permissions: readonly Permission[]
  values: SenderValues
  /** The sender counts as a shared mailbox or group. */
  isShared: boolean
  adminEmail: string
  graphAuth: GraphAuth
}

/** Says, before the button is pressed, what it asks Microsoft for and what happens next. */
export function ConsentPreview(props: ConsentPreviewProps) {
  const { button, settings, permissions, values, isShared, adminEmail, graphAuth } = props
  const styles = useStyles()
  const t = useTranslate()
  const changesSender = settings.fromEmail !== null && !sameAddress(settings.fromEmail, values.fromEmail)
  const meanwhile = meanwhileText(settings, changesSender, t)
  const isValid = isAddress(values.fromEmail)
  const isApplication = graphAuth === 'application'
  const addresses = { admin: adminEmail, sender: values.fromEmail }
  return (
    <div className={styles.preview}>
      <h4 className={styles.title}>{t('settings.preview.asks', { button })}</h4>
      <PermissionList permissions={permissions} graphAuth={graphAuth} />
      <p className={styles.text}>{t(`settings.preview.also.${graphAuth}`)}</p>
      <h4 className={styles.title}>{t('settings.preview.next')}</h4>
      <ul className={styles.steps}>
        <li>{t('settings.preview.popup', { button })}</li>
        <li>
          {isApplication
            ? t('settings.preview.entra-account', { admin: adminEmail })
            : t(isShared ? 'settings.preview.account-shared' : 'settings.preview.account', addresses)}
        </li>
        {isApplication && <li>{t(isValid ? 'settings.preview.proof-from' : 'settings.preview.proof', addresses)}</li>}
        {meanwhile && <li>{meanwhile}</li>}
        <li>{isApplication ? t('settings.preview.every-mailbox') : <AdminConsentLink permissions={permissions} />}</li>
      </ul>
    </div>
  )
}

/** The address at which an Entra administrator, who need not be this admin, approves the permissions. */
function AdminConsentLink({ permissions }: { permissions: readonly Permission[] }) {
  const styles = useStyles()
  const t = useTranslate()
  const url = `${location.origin}${approvalPath(permissions)}` // absolute, because it may be opened in another browser
  return (
    <>
      {t.rich('settings.preview.approval', {
        url,
        link: (content) => (
          <Link inline href={url} target="_blank" rel="noreferrer">
            {content}
          </Link>
        ),
      })}
      <div className={styles.copy}>
        <CopyButton label={t('settings.preview.copy')} text={url} fallback={t('settings.preview.copy-fallback')} />
      </div>
    </>
  )
}
