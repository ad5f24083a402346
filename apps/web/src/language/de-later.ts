import { alerts } from './de/alerts.ts'
import { audit } from './de/audit.ts'
import { checks } from './de/checks.ts'
import { days } from './de/days.ts'
import { keys } from './de/keys.ts'
import { messages } from './de/messages.ts'
import { recipients } from './de/recipients.ts'
import { reports } from './de/reports.ts'
import { sessions } from './de/sessions.ts'
import { sending } from './de/sending.ts'
import { settings } from './de/settings.ts'

/** The other texts, which a page waits for that is not in the first load. */
export const deLater = {
  ...messages,
  ...days,
  ...sending,
  ...alerts,
  ...audit,
  ...keys,
  ...recipients,
  ...checks,
  ...reports,
  ...sessions,
  ...settings,
} as const
