import type { Values } from '@inforiver-mail/contract/values'

// What `settings/` knows of the connection to the mailbox, as `setup-check/` is handed it: neither imports the other.

export interface ConnectionProblem {
  readonly title: string
  readonly detail: string
  readonly action: string
  /** Names the sentences of title, detail and action. */
  readonly values: Values
}

/** The connection that mail is sent with. */
export interface CheckedConnection {
  readonly fromEmail: string
  readonly mailbox: 'own' | 'delegated' | 'application'
  /** What it was made with. */
  readonly granted: readonly string[]
  readonly needed: readonly string[]
  /** Why it does not work, as it was found before. */
  readonly problem: ConnectionProblem | null
  /** Why Microsoft refuses its mail, or its tokens, although the connection itself stands. */
  readonly mailProblem: ConnectionProblem | null
}

/** What came of asking for an access token without changing anything but the stored tokens. */
export type CheckedAccess =
  | {
      readonly outcome: 'granted'
      readonly accessToken: string
      readonly grantVersion: number
      /** What the token allows, by Entra's answer or, of the application's, by the token; null where that cannot be read. */
      readonly permissions: readonly string[] | null
    }
  | { readonly outcome: 'lost'; readonly problem: ConnectionProblem }
  | { readonly outcome: 'unavailable'; readonly detail: string; readonly values?: Values | undefined }

export interface RefusedToken {
  readonly grantVersion: number
  readonly claims: string | null
}
