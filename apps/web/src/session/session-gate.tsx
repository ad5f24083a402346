import { Button, Link, makeStyles, tokens } from '@fluentui/react-components'
import type { Session } from '@inforiver-mail/contract/session'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { useLocation } from 'wouter'
import { problemCode } from '../api/failure.ts'
import { sessionQuery, useLoadError } from '../api/queries.ts'
import { sessionGap } from '../api/session-gap.ts'
import { useAppEnvironment } from '../environment.ts'
import { useTranslate } from '../language/language.tsx'
import { currentPath, signInUrl } from '../routes.ts'
import { LiveRegion } from '../ui/notice.tsx'
import mark from '../ui/mark.svg'
import { Modal } from '../ui/dialogs.tsx'
import { PageFailure, PageHeading, PageLoading } from '../ui/page.tsx'
import { SessionContext, SignOutButton, useSession } from './session.tsx'
import { openSignInWindow, SIGN_IN_CHANNEL } from './sign-in-window.ts'
import { ButtonRow, Paragraph } from '../ui/layout.tsx'

const useStyles = makeStyles({
  page: {
    flex: 1,
    boxSizing: 'border-box',
    display: 'flex',
    justifyContent: 'center',
    alignItems: 'flex-start',
    padding: `min(15vh, 160px) ${tokens.spacingHorizontalL} ${tokens.spacingVerticalXXL}`,
  },
  panel: {
    boxSizing: 'border-box',
    width: '100%',
    maxWidth: '480px',
    display: 'flex',
    flexDirection: 'column',
    alignItems: 'flex-start',
    gap: tokens.spacingVerticalL,
    padding: tokens.spacingHorizontalXXL,
    borderRadius: tokens.borderRadiusXLarge,
    border: `1px solid ${tokens.colorTransparentStroke}`,
    backgroundColor: tokens.colorNeutralBackground1,
    boxShadow: tokens.shadow8,
    overflowWrap: 'anywhere',
  },
  note: {
    margin: 0,
    padding: tokens.spacingHorizontalM,
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorNeutralBackground3,
  },
})

/** Lets workspace admins through, and explains to everybody else why not. */
export function SessionGate({ children }: { children: ReactNode }) {
  const t = useTranslate()
  const query = useQuery(sessionQuery)
  const { data: session, dataUpdatedAt, isFetching, refetch } = query
  const error = useLoadError(query)
  const signedOut = problemCode(error) === 'not-signed-in'
  useSessionUse()
  const isForOther = useSessionReturn(signedOut ? null : (session ?? null), dataUpdatedAt)
  const { clock, unsaved } = useAppEnvironment()
  useEffect(() => {
    if (signedOut) unsaved.noteSessionEnd(clock().getTime())
  }, [signedOut, clock, unsaved])
  if (!session && signedOut) return <SignInPage />
  if (!session || isForOther) {
    return (
      <StandalonePage>
        {error && !session ? (
          <PageFailure error={error} retrying={isFetching} onRetry={() => void refetch()} />
        ) : (
          <PageLoading label={t('session.opening')} />
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
 * Returns whether it does that: the page must not be shown to them, or what was entered would count as theirs.
 *
 * @param session null while nobody is signed in
 * @param readAt when it was read last, or 0: each reading shows that there is a session, though it be the same
 */
function useSessionReturn(session: Session | null, readAt: number): boolean {
  const queryClient = useQueryClient()
  const { clock, unsaved } = useAppEnvironment()
  const email = session?.user.email ?? null
  const [owner, setOwner] = useState(email)
  if (owner === null && email !== null) setOwner(email)
  const isForOther = email !== null && owner !== null && email !== owner
  useEffect(() => {
    const channel = new BroadcastChannel(SIGN_IN_CHANNEL)
    channel.addEventListener('message', () => {
      unsaved.noteSessionEnd(clock().getTime()) // this tab may not have noticed
      void queryClient.invalidateQueries(sessionQuery)
    })
    return () => channel.close()
  }, [queryClient, clock, unsaved])
  useEffect(() => {
    if (session === null || readAt === 0) return
    if (isForOther) location.reload() // what waits was asked for by somebody else
    else sessionGap.end()
  }, [session, readAt, isForOther])
  return isForOther
}

/** How old the session may be when somebody goes to another page. The server notes a use once a minute. */
const USED_MS = 60_000

/**
 * Reads the session when somebody goes to another page, so that this counts as use: a page that was shown before reads the
 * rest again as one that nobody looks at does.
 */
function useSessionUse(): void {
  const queryClient = useQueryClient()
  const [location] = useLocation()
  const seen = useRef(location)
  useEffect(() => {
    if (seen.current === location) return
    seen.current = location
    void queryClient.prefetchQuery({ ...sessionQuery, staleTime: USED_MS })
  }, [location, queryClient])
}

function SignInPage() {
  const styles = useStyles()
  const t = useTranslate()
  const { demoUrl, graphAuth } = useAppEnvironment()
  return (
    <StandalonePage>
      <PageHeading title="Inforiver Mail" />
      <Paragraph muted>{t('session.lead')}</Paragraph>
      <Button as="a" appearance="primary" size="large" href={signInUrl(currentPath(location))}>
        {t('session.sign-in')}
      </Button>
      {demoUrl && (
        <p className={styles.note}>
          {t.rich(graphAuth === 'application' ? 'session.demo-application' : 'session.demo', {
            strong,
            link: (content) => (
              <Link inline href={demoUrl} target="_blank" rel="noreferrer">
                {content}
              </Link>
            ),
          })}
        </p>
      )}
    </StandalonePage>
  )
}

function MemberPage() {
  const t = useTranslate()
  const { name, email } = useSession().user
  const { demoUrl } = useAppEnvironment()
  return (
    <StandalonePage>
      <PageHeading title={t('session.member.title')} />
      <Paragraph>
        {name
          ? t.rich('session.member.who', { name, email, strong })
          : t.rich('session.member.who-nameless', { email, strong })}
      </Paragraph>
      <Paragraph>{t('session.member.ask')}</Paragraph>
      {demoUrl && <Paragraph>{t('session.member.demo')}</Paragraph>}
      <ButtonRow>
        <Button as="a" appearance="primary" href={signInUrl(currentPath(location))}>
          {t('session.member.other-account')}
        </Button>
        <SignOutButton />
      </ButtonRow>
    </StandalonePage>
  )
}

/** A page without the frame of the app: one panel. */
function StandalonePage({ children }: { children: ReactNode }) {
  const styles = useStyles()
  return (
    <main className={styles.page}>
      <div className={styles.panel}>
        <img src={mark} alt="" width={40} height={40} />
        {children}
      </div>
    </main>
  )
}

/** Covers a page whose session has ended. Signing in, in a window, uncovers it as it was. */
function SessionEndedDialog() {
  const t = useTranslate()
  const { unsaved } = useAppEnvironment()
  const [blocked, setBlocked] = useState(false)
  const signInHere = signInUrl(currentPath(location))

  function signInAgain(): void {
    if (openSignInWindow()) return
    if (coversDialog()) {
      setBlocked(true)
      return
    }
    unsaved.keep()
    location.assign(signInHere)
  }

  return (
    <Modal
      title={t('session.ended.title')}
      holdsNothing
      actions={
        <Button appearance="primary" onClick={signInAgain}>
          {t('session.ended.again')}
        </Button>
      }
    >
      {!blocked && <span>{t('session.ended.text')}</span>}
      <LiveRegion urgent>
        {blocked && (
          <>
            <span>{t('session.ended.blocked')}</span>
            <span>
              {t.rich('session.ended.here', {
                link: (content) => (
                  <Link inline href={signInHere} onClick={unsaved.keep}>
                    {content}
                  </Link>
                ),
              })}
            </span>
          </>
        )}
      </LiveRegion>
    </Modal>
  )
}

/** Whether a dialog below the one of the ended session holds what is kept nowhere else, such as a request that waits for a session. */
function coversDialog(): boolean {
  return document.querySelector('dialog[open]:not([data-holds-nothing])') !== null
}

function strong(content: ReactNode): ReactNode {
  return <strong>{content}</strong>
}
