import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { problemCode } from '../api/failure.ts'
import { sessionQuery } from '../api/queries.ts'
import { PageFailure, PageLoading } from '../shell/page-state.tsx'
import { StandalonePage } from '../shell/standalone-page.tsx'
import { MemberPage } from './member-page.tsx'
import { SessionContext } from './session-context.ts'
import { SessionEndedDialog } from './session-ended-dialog.tsx'
import { SignInPage } from './sign-in-page.tsx'

/** Lets workspace admins through; everybody else reads why not. */
export function SessionGate({ children }: { children: ReactNode }) {
  const { data: session, error, isFetching, refetch } = useQuery(sessionQuery)
  const signedOut = problemCode(error) === 'not-signed-in'
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
