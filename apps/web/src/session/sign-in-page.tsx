import { Button, Link, makeStyles, tokens } from '@fluentui/react-components'
import { currentPath, signInUrl } from '../routes.ts'
import { PageHeading } from '../shell/page-heading.tsx'
import { StandalonePage } from '../shell/standalone-page.tsx'
import { useSurroundings } from '../surroundings.ts'

const useStyles = makeStyles({
  text: { margin: 0, color: tokens.colorNeutralForeground2 },
  note: {
    margin: 0,
    padding: tokens.spacingHorizontalM,
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorNeutralBackground3,
  },
})

export function SignInPage() {
  const styles = useStyles()
  const { demoUrl, graphAuth } = useSurroundings()
  return (
    <StandalonePage>
      <PageHeading title="Inforiver Mail" />
      <p className={styles.text}>Connect the Microsoft 365 mailbox that Inforiver sends its reports and alerts from.</p>
      <Button as="a" appearance="primary" size="large" href={signInUrl(currentPath(location))}>
        Sign in with Microsoft
      </Button>
      {demoUrl && (
        <p className={styles.note}>
          This is a demo with a simulated Microsoft 365: nothing leaves this computer. Choose <strong>Ada Admin</strong>{' '}
          on the next page
          {graphAuth === 'application' && (
            <>
              , and <strong>Grace Global</strong>, an Entra administrator, to connect a mailbox
            </>
          )}
          . Mail arrives in the{' '}
          <Link inline href={demoUrl} target="_blank" rel="noreferrer">
            simulated mailboxes
          </Link>
          .
        </p>
      )}
    </StandalonePage>
  )
}
