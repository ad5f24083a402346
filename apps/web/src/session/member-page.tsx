import { Button, makeStyles, tokens } from '@fluentui/react-components'
import { currentPath, signInUrl } from '../routes.ts'
import { PageHeading } from '../shell/page-heading.tsx'
import { StandalonePage } from '../shell/standalone-page.tsx'
import { useSurroundings } from '../surroundings.ts'
import { useSession } from './session-context.ts'
import { SignOutButton } from './sign-out-button.tsx'

const useStyles = makeStyles({
  text: { margin: 0, overflowWrap: 'anywhere' },
  actions: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalM },
})

export function MemberPage() {
  const styles = useStyles()
  const { user } = useSession()
  const { demoUrl } = useSurroundings()
  return (
    <StandalonePage>
      <PageHeading title="Only workspace admins can open Tenant Settings" />
      <p className={styles.text}>
        You are signed in as <strong>{user.name || user.email}</strong>
        {user.name && ` (${user.email})`}, who is not a workspace admin.
      </p>
      <p className={styles.text}>
        Ask the person who operates Inforiver Mail in your organisation to make you a workspace admin: by the app role
        Workspace.Admin in Microsoft Entra, or by your sign-in name in WORKSPACE_ADMINS.
      </p>
      {demoUrl && <p className={styles.text}>In this demo, Ada Admin is the workspace admin.</p>}
      <div className={styles.actions}>
        <Button as="a" appearance="primary" href={signInUrl(currentPath(location))}>
          Use another account
        </Button>
        <SignOutButton />
      </div>
    </StandalonePage>
  )
}
