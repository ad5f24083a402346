import { alerts } from '@inforiver-mail/contract/language/de/alerts'
import { problemCodes } from '@inforiver-mail/contract/language/de/problem-codes'
import { failures } from './de/failures.ts'
import { notices } from './de/notices.ts'
import { overview } from './de/overview.ts'
import { retryQuestion } from './de/retry-question.ts'
import { session } from './de/session.ts'
import { shell } from './de/shell.ts'
import { ui } from './de/ui.ts'

/** German for texts of the server, whose English the page has from there. */
export const SERVER = { ...alerts, ...problemCodes } as const

/** The texts that the first load may need. */
export const de = {
  ...shell,
  ...ui,
  ...session,
  ...overview,
  ...notices,
  ...retryQuestion,
  ...failures,
  ...SERVER,
} as const
