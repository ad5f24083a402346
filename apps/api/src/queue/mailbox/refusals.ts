import type { MessageProblem } from '@inforiver-mail/contract/message'
import type { MailboxProblem } from '@inforiver-mail/m365/explain-problem'

// What one message meets alone never stops the others. A mailbox is held only once two different messages were refused in
// the same way, with nothing sent between; until then it is the message that waits.
//
// refused ──as another message was last──▶ held, with all that goes the same way
//         ──alone──▶ queued, due later ──three times, while others leave──▶ failed
//
// Pure. The state is that of the mailbox's row; mailbox-refusals.ts reads and writes it.

/** How a message goes to Microsoft: in one request, or by draft. */
export type Route = 'send' | 'draft'

/** A refusal that is not about the message: any other may meet it too. */
export interface Refusal {
  /** The route on which Microsoft refused. */
  readonly by: Route
  /** Equal where messages are refused in the same way: Microsoft's code. */
  readonly kind: string
  /** Why nothing leaves that way. */
  readonly problem: MailboxProblem
  /** How the message ends where others leave. */
  readonly ends: MessageProblem
}

/** Why Microsoft takes no message of a mailbox. A hold by draft holds only what goes by draft. */
export interface Hold extends MailboxProblem {
  readonly route: Route
  readonly since: string
}

interface LastRefusal {
  readonly kind: string
  readonly messageId: string
}

/** What the row of a mailbox knows of refusals. */
export interface MailboxRefusals {
  /** The last refusal on each route since something left by it, and the last by what answers in Microsoft's place. */
  readonly refused: Readonly<Partial<Record<Route | 'gateway', LastRefusal>>>
  /** Grows when something leaves after a refusal. */
  readonly round: number
  readonly hold: Hold | null
}

/** A token that Graph refused although it had just been fetched: every message of the mailbox meets that, from the first on. */
export interface TokenRefusal {
  readonly by: 'token'
  readonly problem: MailboxProblem
}

/** What the row of a mailbox knows of refused tokens, since one was accepted. */
export interface TokenTrouble extends MailboxProblem {
  readonly times: number
  readonly since: string
}

/** What the row of a message knows of refusals. */
export interface MessageRefusals {
  /** How often it was refused while others left. */
  readonly alone: number
  /** The round of the mailbox in which it last was; null where it never was. */
  readonly round: number | null
}

export interface JudgedRefusal {
  readonly mailbox: MailboxRefusals
  readonly message: MessageRefusals
  readonly becomes: 'queued' | 'held' | 'failed'
}

/** A message that is refused so often while others leave ends. */
export const REFUSED_AT_MOST = 3

/** Decides what follows for a message that was refused, and for its mailbox. */
export function judgeRefusal(
  mailbox: MailboxRefusals,
  message: MessageRefusals & { readonly id: string },
  { by, kind, problem }: Refusal,
  now: Date,
): JudgedRefusal {
  const refused = { ...mailbox.refused, [by]: { kind, messageId: message.id } }
  const alone = countAlone(mailbox, message)
  const begins = isShared(mailbox.refused[by], kind, message.id) && !isHeldBy(mailbox.hold, by)
  const next = { ...problem, route: by }
  const known = mailbox.hold && keyOf(mailbox.hold) === keyOf(next) ? mailbox.hold : null
  const hold =
    begins || mailbox.hold?.route === by ? { ...next, since: known?.since ?? now.toISOString() } : mailbox.hold
  return {
    mailbox: { ...mailbox, refused, hold },
    message: { alone, round: mailbox.round },
    becomes: isHeldBy(hold, by) ? 'held' : alone < REFUSED_AT_MOST ? 'queued' : 'failed',
  }
}

/** Equal for holds that are about the same. */
export function keyOf({ route, values }: Pick<Hold, 'route' | 'values'>): string {
  return `${route} ${String(values['microsoftCode'] ?? '')}`
}

/** Whether another message was refused in the same way last. */
export function isShared(last: LastRefusal | undefined, kind: string, messageId: string): boolean {
  return last !== undefined && last.kind === kind && last.messageId !== messageId
}

/** How often the message was refused while others left, with this time. */
export function countAlone({ round }: Pick<MailboxRefusals, 'round'>, message: MessageRefusals): number {
  return message.round === round ? message.alone : message.alone + 1
}

/** Whether a hold holds what goes by a route. */
export function isHeldBy(hold: Pick<Hold, 'route'> | null, route: Route): boolean {
  return hold !== null && (hold.route === 'send' || route === 'draft')
}

const FIRST_TOKEN_PAUSE_MS = 30_000
const LONGEST_TOKEN_PAUSE_MS = 15 * 60_000
/** Once or twice may pass by itself, as where Graph has not heard of a new right yet. */
export const TOKENS_REFUSED_AT_MOST = 2

/** Whether tokens are refused so often that somebody has to act. */
export function isTokenProblem(trouble: Pick<TokenTrouble, 'times'> | null): trouble is TokenTrouble {
  return trouble !== null && trouble.times > TOKENS_REFUSED_AT_MOST
}

/**
 * Decides how long the mailbox pauses after a token was refused; null where it has paused since.
 *
 * @param isPaused another message of the mailbox has met the same, a moment ago
 */
export function judgeToken(
  known: TokenTrouble | null,
  { problem }: TokenRefusal,
  isPaused: boolean,
  now: Date,
): { readonly trouble: TokenTrouble; readonly pauseMs: number | null } {
  const times = (known?.times ?? 0) + (isPaused && known !== null ? 0 : 1)
  const pauseMs = isPaused ? null : Math.min(FIRST_TOKEN_PAUSE_MS * 2 ** (times - 1), LONGEST_TOKEN_PAUSE_MS)
  return { trouble: { ...problem, times, since: known?.since ?? now.toISOString() }, pauseMs }
}
