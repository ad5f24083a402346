import { Button, Link, makeStyles, tokens } from '@fluentui/react-components'
import type { Session } from '@inforiver-mail/contract/session'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useEffect, useRef } from 'react'
import { problemCode } from '../api/failure.ts'
import { sessionQuery } from '../api/queries.ts'
import { sessionGap } from '../api/session-gap.ts'
import { useAppEnvironment } from '../environment.ts'
import { currentPath, signInUrl } from '../routes.ts'
import { Modal } from '../ui/modal.tsx'
import { PageHeading } from '../ui/page-heading.tsx'
import { PageFailure, PageLoading } from '../ui/page-state.tsx'
import { StandalonePage } from '../ui/standalone-page.tsx'
import { SessionContext, useSession } from './session.ts'
import { openSignInWindow, SIGN_IN_CHANNEL } from './sign-in-window.ts'
import { SignOutButton } from './sign-out-button.tsx'

const useStyles = makeStyles({
  lead: { margin: 0, color: tokens.colorNeutralForeground2 },
  note: {
    margin: 0,
    padding: tokens.spacingHorizontalM,
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorNeutralBackground3,
  },
  text: { margin: 0, overflowWrap: 'anywhere' },
  actions: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalM },
})

/** Lets workspace admins through, and explains to everybody else why not. */
export function SessionGate({ children }: { children: ReactNode }) {
  const { data: session, dataUpdatedAt, error, isFetching, refetch } = useQuery(sessionQuery)
  const signedOut = problemCode(error) === 'not-signed-in'
  useSessionReturn(signedOut ? null : (session ?? null), dataUpdatedAt)
  if (!session) {
    if (signedOut) return <SignInPage />
    return (
      <StandalonePage>
        {error ? (
          <PageFailure error={error} retrying={isFetching} onRetry={() => void refetch()} />
        ) : (
          <PageLoading label="Opening Inforiver Mail" />
        )}
      </StandalonePage>
    )
  }
  return (
    <SessionContext value={session}>
      {session.role === 'workspace-admin' ? children : <MemberPage />}
      {signedOut && <SessionEndedDialog />}
    </SessionContext>
  )
}

/**
 * Lets requests that wait for a session go on once the same person is signed in, and loads the page again for another.
 *
 * @param session null while nobody is signed in
 * @param readAt when it was read last, or 0: each reading shows that there is a session, though it be the same
 */
function useSessionReturn(session: Session | null, readAt: number): void {
  const queryClient = useQueryClient()
  const owner = useRef<string | null>(null)
  useEffect(() => {
    const channel = new BroadcastChannel(SIGN_IN_CHANNEL)
    channel.addEventListener('message', () => void queryClient.invalidateQueries(sessionQuery))
    return () => channel.close()
  }, [queryClient])
  useEffect(() => {
    if (session === null || readAt === 0) return
    owner.current ??= session.user.email
    if (owner.current === session.user.email) sessionGap.end()
    else location.reload() // what waits was asked for by somebody else
  }, [session, readAt])
}

function SignInPage() {
  const styles = useStyles()
  const { demoUrl, graphAuth } = useAppEnvironment()
  return (
    <StandalonePage>
      <PageHeading title="Inforiver Mail" />
      <p className={styles.lead}>Connect the Microsoft 365 mailbox that Inforiver sends its reports and alerts from.</p>
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

function MemberPage() {
  const styles = useStyles()
  const { user } = useSession()
  const { demoUrl } = useAppEnvironment()
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

/** Covers a page whose session has ended. Signing in, in a window, uncovers it as it was. */
function SessionEndedDialog() {
  const { unsaved } = useAppEnvironment()

  function signInAgain(): void {
    if (openSignInWindow()) return
    unsaved.keep()
    location.assign(signInUrl(currentPath(location)))
  }

  return (
    <Modal
      title="Your session has ended"
      actions={
        <Button appearance="primary" onClick={signInAgain}>
          Sign in again
        </Button>
      }
    >
      <span>Sign in again to go on where you were. What you entered is kept.</span>
    </Modal>
  )
}
