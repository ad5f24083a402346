import type { MailState } from '@inforiver-mail/contract/overview'
import type { Pause } from '@inforiver-mail/contract/usage'

export interface MailSentence {
  readonly mail: MailState
  readonly now: Date
  readonly waiting: number
  readonly held: number
  /** How many messages Microsoft refuses, where others leave. */
  readonly heldByDraft: number
  /** When the first of what waits is tried again; null unless all of it waits for that. */
  readonly triedAgainAt: Date | null
  readonly lastSentAt: Date | null
  readonly pausedUntil: Date | null
  readonly pausedBecause: Pause | null
  /** The code of the limit of Microsoft that is used up; null while none is. */
  readonly quotaCode: string | null
  /** The title of the settings' problem; null while there is none. */
  readonly problemTitle: string | null
}

/** Says in English how the mail stands. */
export function mailSentence(facts: MailSentence): string {
  return `${howItStands(facts)}${lastLeft(facts)}`
}

function howItStands(facts: MailSentence): string {
  const { mail, waiting, held, heldByDraft, triedAgainAt, pausedUntil, problemTitle, now } = facts
  const stopped = waiting + held
  switch (mail) {
    case 'flowing':
    case 'idle':
      if (heldByDraft > 0)
        return `${messages(heldByDraft)} that ${heldByDraft === 1 ? 'goes' : 'go'} by draft, as large ones do, ${heldByDraft === 1 ? 'is' : 'are'} held: Microsoft refuses them. Other mail leaves.`
      if (mail === 'idle') return 'No mail is waiting to leave.'
      return triedAgainAt === null
        ? 'Mail is going out.'
        : `${messages(waiting)} ${waiting === 1 ? 'waits' : 'wait'} to be tried again at ${time(triedAgainAt)}.`
    case 'not-configured':
      return held > 0
        ? `No mailbox is connected; ${messages(held)} ${held === 1 ? 'waits' : 'wait'} for one.`
        : 'No mailbox is connected yet.'
    case 'stopped':
      return `Mail is stopped${problemTitle ? `: ${problemTitle.replace(/\.$/, '')}` : ''}.${
        stopped > 0 ? ` ${messages(stopped)} ${stopped === 1 ? 'waits' : 'wait'}.` : ''
      }`
    case 'delayed':
      return pausedUntil !== null && pausedUntil > now
        ? `Mail is delayed: ${whyPaused(facts)} ${time(pausedUntil)}.`
        : `Mail is delayed: ${messages(waiting)} ${waiting === 1 ? 'is' : 'are'} due, and nothing has left for 5 minutes.`
  }
}

function whyPaused({ pausedBecause, quotaCode }: MailSentence): string {
  switch (pausedBecause?.code) {
    case 'limit-used-up':
      return `a sending limit of Microsoft is used up (${quotaCode}). It goes on at`
    case 'gateway':
      return `something between this server and Microsoft answers in Microsoft’s place, for ${pausedBecause.host} (HTTP ${pausedBecause.status}). Whoever operates Inforiver Mail has to check the proxy, the firewall or the gateway in between. It is tried again at`
    case 'token-refused':
      return 'Microsoft does not accept an access token that it has just issued. It is tried again at'
    case 'no-access':
      return 'Microsoft Entra gives no access to the mailbox for now. It is tried again at'
    case 'microsoft-asked':
    case undefined:
      return 'Microsoft asked to wait. It goes on at'
  }
}

function lastLeft({ lastSentAt, now }: MailSentence): string {
  return lastSentAt === null ? '' : ` The last message left ${ago(now.getTime() - lastSentAt.getTime())}.`
}

function messages(count: number): string {
  return `${count.toLocaleString('en')} ${count === 1 ? 'message' : 'messages'}`
}

/** In UTC, with the date: who reads it may be anywhere. */
function time(moment: Date): string {
  return `${moment.toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

const UNITS = [
  ['day', 24 * 60 * 60_000],
  ['hour', 60 * 60_000],
  ['minute', 60_000],
] as const

function ago(ms: number): string {
  const unit = UNITS.find(([, length]) => ms >= length)
  if (!unit) return 'less than a minute ago'
  const [name, length] = unit
  const count = Math.floor(ms / length)
  return `${count} ${name}${count === 1 ? '' : 's'} ago`
}
