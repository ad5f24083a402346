import type { SettingsHolder } from '../faults/settings.ts'
import type { DirectoryIndex } from '../tenant/directory.ts'

const DAY_MS = 24 * 60 * 60_000

export type Quotas = ReturnType<typeof createQuotas>

/** Exchange's limits of 24 hours. It accepts a message above them, and reports afterwards that it bounced. */
export function createQuotas(clock: () => Date) {
  /** When recipients were counted, oldest first, by what they count against. */
  const counted = new Map<string, number[]>()

  const isOver = (limit: number | null, name: string): boolean => {
    const times = counted.get(name) ?? []
    const since = clock().getTime() - DAY_MS
    while (times[0] !== undefined && times[0] <= since) times.shift()
    return limit !== null && times.length >= limit
  }

  return {
    /** Counts a recipient. Returns what its report says where a limit is used up, as `550 5.1.90 …`, else null. */
    take(
      sender: string,
      recipient: string,
      { index, settings }: { index: DirectoryIndex; settings: SettingsHolder },
    ): string | null {
      const { recipientsPerDay, externalRecipientsPerDay, isTrial, onmicrosoftRecipientsPerDay } = settings.current
      const mailbox = sender.toLowerCase()
      const isExternal = !index.isLocal(recipient)
      const isOnmicrosoft = isExternal && mailbox.endsWith('.onmicrosoft.com')
      if (isOver(recipientsPerDay, mailbox)) return `550 5.1.90 ${MAILBOX_LIMIT}`
      if (isOnmicrosoft && isOver(onmicrosoftRecipientsPerDay, ONMICROSOFT)) return `550 5.7.236 ${DOMAIN_LIMIT}`
      if (isExternal && isOver(externalRecipientsPerDay, EXTERNAL))
        return `550 ${isTrial ? '5.7.232' : '5.7.233'} ${ORGANIZATION_LIMIT}`
      for (const name of [mailbox, ...(isExternal ? [EXTERNAL] : []), ...(isOnmicrosoft ? [ONMICROSOFT] : [])]) {
        const times = counted.get(name)
        if (times) times.push(clock().getTime())
        else counted.set(name, [clock().getTime()])
      }
      return null
    },
    reset(): void {
      counted.clear()
    },
  }
}

const EXTERNAL = 'external recipients'
const ONMICROSOFT = 'external recipients of onmicrosoft.com'
const MAILBOX_LIMIT = 'Your message can’t be sent because you’ve reached your daily limit for message recipients'
const DOMAIN_LIMIT = 'Your message can’t be sent because your onmicrosoft.com domain exceeded its daily limit'
const ORGANIZATION_LIMIT =
  'Your message can’t be sent because your tenant exceeded its daily limit for sending email to external recipients'
