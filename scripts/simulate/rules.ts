import { check } from '../chaos/history/check.ts'
import type { HistoryEvent } from '../chaos/history/history.ts'
import type { Clients } from './clients.ts'
import { SENDERS } from './ground.ts'
import type { Mailboxes } from './mailboxes.ts'
import type { RecordedRequest } from './microsoft.ts'
import type { Plan } from './plan.ts'
import type { World } from './world.ts'

export interface Violation {
  readonly rule: string
  readonly text: string
}

/** What is known of a schedule when it is over: nothing of it comes from tables. */
export interface Observed {
  readonly plan: Plan
  readonly history: readonly HistoryEvent[]
  readonly requests: readonly RecordedRequest[]
  readonly log: readonly string[]
  readonly mailboxes: Mailboxes
  readonly endedAt: number
  readonly clients: Clients
  readonly world: World
}

export async function findViolations(observed: Observed): Promise<Violation[]> {
  return [...ofHistory(observed), ...nothingLeftOver(observed)]
}

/** The rules of `npm run chaos -- history`. */
function ofHistory({ plan, history, requests, endedAt }: Observed): Violation[] {
  const events: HistoryEvent[] = [
    {
      kind: 'run',
      at: 0,
      seed: 0,
      minutes: 0,
      limits: plan.limits,
      tenants: [
        {
          tenant: 't',
          senders: SENDERS.map((address) => ({ address, mailbox: address })),
          sender: SENDERS[0],
          searchable: plan.isReadable && plan.settingsChanges === 0,
        },
      ],
    },
    ...history,
    ...requests.map(({ mailbox, endpoint, begunAt, endedAt: ended, status, accepted }): HistoryEvent => ({
      kind: 'request',
      mailbox,
      endpoint,
      begunAt,
      endedAt: ended ?? endedAt,
      status,
      accepted: accepted && {
        at: begunAt,
        from: accepted.from,
        message: /^m\d/.test(accepted.subject) ? accepted.subject : null,
        id: accepted.id,
        recipients: accepted.recipients,
      },
    })),
  ]
  return check(events).violations.map(({ rule, text }) => ({ rule, text }))
}

function nothingLeftOver({ mailboxes }: Observed): Violation[] {
  const drafts = mailboxes.drafts()
  return drafts.length === 0 ? [] : [{ rule: 'no draft is left over', text: drafts.join(', ') }]
}
