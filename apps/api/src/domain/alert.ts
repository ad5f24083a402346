import type { ConnectionProblem } from '@inforiver-mail/contract/consent-problem'
import type { AlertType } from '@inforiver-mail/contract/notice'
import type { GatewayAnswer } from '@inforiver-mail/m365/gateway-answer'

type ProblemFacts = Pick<ConnectionProblem, 'title' | 'detail' | 'action' | 'correlationId'> & {
  readonly fromEmail: string
  /** The values of the problem; older versions stored none. */
  readonly values?: ConnectionProblem['values']
}

/** Missing in what an older version stored. */
interface FailedFacts {
  /** When the first of them failed. */
  readonly since?: string
  /** How many failed for each cause: Microsoft's code, else that of the problem. Only the most frequent are kept. */
  readonly causes?: Readonly<Record<string, number>>
}

interface StorageFacts {
  readonly usedBytes: number
  readonly limitBytes: number
}

/** The facts of each type of alert. They never contain a secret, or anything of a message. */
export interface AlertFacts extends Record<AlertType, object> {
  readonly 'mailbox.reconnect-required': ProblemFacts
  readonly 'mailbox.app-misconfigured': ProblemFacts
  readonly 'mailbox.refused': ProblemFacts
  readonly 'mailbox.token-refused': ProblemFacts
  readonly 'mailbox.recovered': { readonly fromEmail: string }
  readonly 'messages.failed': FailedFacts
  /** Since when it answers, and what. */
  readonly 'microsoft.unreachable': GatewayAnswer & { readonly since: string }
  readonly 'microsoft.recovered': object
  readonly 'queue.stalled': { readonly oldestDueAt: string }
  readonly 'quota.exceeded': {
    readonly fromEmail: string
    /** The code of the report, such as 5.7.233. */
    readonly code: string
    /** When the pause ends. */
    readonly until: string
  }
  readonly 'secret.expiring': {
    readonly kind: 'secret' | 'certificate'
    readonly expiresAt: string
    readonly daysLeft: number
  }
  readonly 'storage.nearly-full': StorageFacts & {
    /** Those that hold most of it. */
    readonly services: readonly { readonly name: string; readonly bytes: number }[]
  }
  readonly 'storage.recovered': StorageFacts
}

/** An alert of one type, with its facts. */
export type Alert = {
  readonly [Type in AlertType]: { readonly type: Type; readonly facts: AlertFacts[Type] }
}[AlertType]
