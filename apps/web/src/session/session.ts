import type { Session } from '@inforiver-mail/contract/session'
import { createContext, useContext } from 'react'

export const SessionContext = createContext<Session | null>(null)

/** The signed-in user. Works only below `SessionGate`. */
export function useSession(): Session {
  const session = useContext(SessionContext)
  if (!session) throw new Error('There is no session.')
  return session
}
