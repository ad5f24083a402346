import { Link, makeStyles } from '@fluentui/react-components'
import type { ReactNode } from 'react'
import { Page } from './page.tsx'
import { PageIntro } from './page-intro.tsx'

const useStyles = makeStyles({
  text: { margin: 0 },
})

interface Props {
  above: ReactNode
  title: string
  onRetry: () => void
}

/** In place of any page while the installation does not use Office 365 SMTP. */
export function DisabledPage({ above, title, onRetry }: Props) {
  const styles = useStyles()
  return (
    <Page width="form">
      <PageIntro above={above} title={title} />
      <p className={styles.text}>
        This installation does not use Office 365 SMTP, so that these pages are closed. A mailbox connected before goes
        on sending what services submit. To open the pages, the operator sets <code>SMTP=Office365</code> in the file{' '}
        <code>inforiver-mail.env</code>, or in the environment of the process, and restarts Inforiver Mail.
      </p>
      <div>
        <Link as="button" onClick={onRetry}>
          Check again
        </Link>
      </div>
    </Page>
  )
}
