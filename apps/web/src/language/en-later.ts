import { alerts } from './en/alerts.ts'
import { audit } from './en/audit.ts'
import { checks } from './en/checks.ts'
import { days } from './en/days.ts'
import { keys } from './en/keys.ts'
import { messages } from './en/messages.ts'
import { recipients } from './en/recipients.ts'
import { reports } from './en/reports.ts'
import { sessions } from './en/sessions.ts'
import { sending } from './en/sending.ts'
import { settings } from './en/settings.ts'

/** The other texts, which a page waits for that is not in the first load. */
export const enLater = {
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
