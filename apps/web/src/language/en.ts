import { failures } from './en/failures.ts'
import { notices } from './en/notices.ts'
import { overview } from './en/overview.ts'
import { retryQuestion } from './en/retry-question.ts'
import { session } from './en/session.ts'
import { shell } from './en/shell.ts'
import { ui } from './en/ui.ts'

/** The texts that the first load may need. */
export const en = { ...shell, ...ui, ...session, ...overview, ...notices, ...retryQuestion, ...failures } as const
