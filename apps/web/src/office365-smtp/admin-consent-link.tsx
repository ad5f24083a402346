import { Link, makeStyles, tokens } from '@fluentui/react-components'
import { approvalPath, type Permission } from '@inforiver-mail/contract/permission'
import { CopyButton } from '../shell/copy-button.tsx'

const useStyles = makeStyles({
  copy: { marginTop: tokens.spacingVerticalS },
})

/** The way for an Entra administrator, who need not be the admin at this page. */
export function AdminConsentLink({ permissions }: { permissions: readonly Permission[] }) {
  const styles = useStyles()
  const url = `${location.origin}${approvalPath(permissions)}` // perhaps in another browser: therefore with the origin
  return (
    <>
      An Entra administrator may have to approve this once for the organisation, also in another browser, at{' '}
      <Link inline href={url} target="_blank" rel="noreferrer">
        {url}
      </Link>
      <div className={styles.copy}>
        <CopyButton label="Copy link" text={url} byHand="select the address above." />
      </div>
    </>
  )
}
