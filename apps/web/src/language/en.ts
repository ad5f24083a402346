import { failures } from './en/failures.ts'
import { notices } from './en/notices.ts'
import { overview } from './en/overview.ts'
import { session } from './en/session.ts'
import { settings } from './en/settings.ts'
import { shell } from './en/shell.ts'
import { ui } from './en/ui.ts'

/** The texts that the first load may need. */
export const en = { ...shell, ...ui, ...session, ...settings, ...overview, ...notices, ...failures } as const
