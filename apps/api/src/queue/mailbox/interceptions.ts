import type { MessageProblem } from '@inforiver-mail/contract/message'
import type { GatewayAnswer } from '@inforiver-mail/m365/gateway-answer'
import { countAlone, isShared, REFUSED_AT_MOST, type MailboxRefusals, type MessageRefusals } from './refusals.ts'

// What something answers in Microsoft's place says nothing of the mailbox, so that nothing is held for it. The rule is that
// of refusals.ts:
//
// refused ──as another message was last──▶ queued, and the mailbox pauses
//         ──alone──▶ queued, due later ──three times, while others leave──▶ failed
//
// Pure. The state is that of the mailbox's row; mailbox-refusals.ts reads and writes it.

/** The waits after refusals that are not about the message; the last one from then on. The first three tries take 13 s. */
export const REFUSAL_WAITS_MS = [3, 10, 30, 60, 120, 240, 300].map((seconds) => seconds * 1_000)
export const LONGEST_REFUSAL_WAIT_MS = 300_000

const ALERT_AFTER_MS = 5 * 60_000
/** Whatever waits is tried again within five minutes, so that what is older than this is over, or nothing waits for it. */
export const STANDS_FOR_MS = 6 * 60_000

/** Something answered in Microsoft's place. */
export interface Interception {
  readonly by: 'gateway'
  readonly answer: GatewayAnswer
  /** How the message ends where others leave; null where it was not shown to what answered. */
  readonly ends: MessageProblem | null
  /** Entra was asked, for access. */
  readonly forEntra?: true
}

/** What the row of a mailbox knows of what answers in Microsoft's place, since Microsoft did. */
export interface GatewayTrouble extends GatewayAnswer {
  readonly since: string
  /** When it answered last. */
  readonly at: string
  /** How often in succession the mailbox has paused for it. */
  readonly pauses: number
  /** It answered in Entra's place, so that Entra's own answer ends it. */
  readonly forEntra?: true
}

export interface JudgedInterception {
  readonly refused: MailboxRefusals['refused']
  readonly trouble: GatewayTrouble
  readonly message: MessageRefusals
  readonly becomes: 'queued' | 'failed'
  /** How long the mailbox pauses; null where it does not, or has paused since. */
  readonly pauseMs: number | null
  /** Whether the mailbox waits, in place of the message. */
  readonly mailboxWaits: boolean
}

/** @param waitMs how long the message would wait, at least as long as the gateway asked for */
export function judgeInterception(
  mailbox: MailboxRefusals & { readonly gateway: GatewayTrouble | null; readonly isPaused: boolean },
  message: MessageRefusals & { readonly id: string },
  { answer, ends, forEntra }: Interception,
  { now, waitMs }: { readonly now: Date; readonly waitMs: number },
): JudgedInterception {
  const kind = `${answer.status} ${answer.host}`
  const mailboxWaits = isShared(mailbox.refused.gateway, kind, message.id)
  const begins = mailboxWaits && !mailbox.isPaused
  const known = isStanding(mailbox.gateway, now) ? mailbox.gateway : null
  const pauses = known?.pauses ?? 0
  const alone = countAlone(mailbox, message)
  const at = now.toISOString()
  return {
    refused: { ...mailbox.refused, gateway: { kind, messageId: message.id } },
    trouble: {
      ...answer,
      since: known?.since ?? at,
      at,
      pauses: begins ? pauses + 1 : pauses,
      ...(forEntra && { forEntra }),
    },
    message: { alone, round: mailbox.round },
    becomes: !mailboxWaits && ends !== null && alone >= REFUSED_AT_MOST ? 'failed' : 'queued',
    pauseMs: begins ? Math.max(REFUSAL_WAITS_MS[pauses] ?? LONGEST_REFUSAL_WAIT_MS, waitMs) : null,
    mailboxWaits,
  }
}

/** Whether it still answers, as far as is known. */
export function isStanding(trouble: GatewayTrouble | null, now: Date): trouble is GatewayTrouble {
  const agoMs = now.getTime() - Date.parse(trouble?.at ?? '')
  return agoMs >= 0 && agoMs < STANDS_FOR_MS
}

/** Whether somebody has to be told of it. */
export function isTold(trouble: GatewayTrouble, now: Date): boolean {
  return now.getTime() - Date.parse(trouble.since) >= ALERT_AFTER_MS
}
