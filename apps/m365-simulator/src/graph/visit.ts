import type { Addressee } from '../directory/directory.ts'
import type { Mailbox } from '../state/store.ts'
import type { IdKind } from './item-ids.ts'

/** The mailbox a request concerns, and what it wants of it. */
export interface Visit {
  readonly addressee: Addressee
  /** The caller's, or any that an application may reach. */
  readonly isOwn: boolean
  /** Lower case. */
  readonly address: string
  readonly mailbox: Mailbox | undefined
  readonly idKind: IdKind
  readonly nowMs: number
}

export type Answer =
  | { readonly status: 200 | 201; readonly json: Record<string, unknown> }
  | { readonly status: 202 | 204; readonly json: null }
