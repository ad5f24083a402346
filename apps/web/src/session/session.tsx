import { type Session, signOut } from '@inforiver-mail/contract/session'
import { createContext, useContext } from 'react'
import { Button } from '@fluentui/react-components'
import { useMutation } from '@tanstack/react-query'
import { call } from '../api/call.ts'
import { problemCode } from '../api/failure.ts'
import { useTranslate } from '../language/language.tsx'
import { PAGES } from '../routes.ts'

export const SessionContext = createContext<Session | null>(null)

/** The signed-in user. Works only below `SessionGate`. */
export function useSession(): Session {
  const session = useContext(SessionContext)
  if (!session) throw new Error('There is no session.')
  return session
}

export function SignOutButton() {
  const t = useTranslate()
  const signingOut = useMutation({
    mutationFn: () => call(signOut, {}),
    onSuccess: loadHome,
    onError: (error) => {
      if (problemCode(error) === 'not-signed-in') loadHome()
    },
  })
  return (
    <>
      {signingOut.error && <span role="alert">{t('session.sign-out-failed')}</span>}
      <Button appearance="subtle" disabledFocusable={signingOut.isPending} onClick={() => signingOut.mutate()}>
        {t('session.sign-out')}
      </Button>
    </>
  )
}

/** Loads a fresh document, so that nothing of the session stays in memory. */
function loadHome(): void {
  location.assign(PAGES.overview)
}
