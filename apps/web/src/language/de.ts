import { failures } from './de/failures.ts'
import { notices } from './de/notices.ts'
import { overview } from './de/overview.ts'
import { retryQuestion } from './de/retry-question.ts'
import { session } from './de/session.ts'
import { shell } from './de/shell.ts'
import { ui } from './de/ui.ts'

/** The texts that the first load may need. */
export const de = { ...shell, ...ui, ...session, ...overview, ...notices, ...retryQuestion, ...failures } as const
