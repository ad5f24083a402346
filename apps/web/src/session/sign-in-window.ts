import { silentSignInUrl } from '../routes.ts'

/** The BroadcastChannel on which the window in which somebody has signed in again tells every page of this origin. */
export const SIGN_IN_CHANNEL = 'inforiver-mail-sign-in'

/** Where the API's sign-in leads that window in the end; the page there loads `signed-in.ts`. */
const SIGNED_IN_PATH = '/auth/signed-in'

const FEATURES = 'popup,width=520,height=720'

/** Opens the window in which to sign in again. Call it synchronously from a click. Returns false when it is blocked. */
export function openSignInWindow(): boolean {
  return window.open(silentSignInUrl(SIGNED_IN_PATH), '_blank', FEATURES) !== null
}
