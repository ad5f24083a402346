import type { Pause } from '@inforiver-mail/contract/usage'
import type { Translate } from '../language/translate.ts'

/** Why nothing is sent from the mailbox for a while, without a full stop. `pause` is null while that was not read. */
export function pauseText(pause: Pause | null | undefined, t: Translate): string {
  const { code = 'unknown', host = null, status = null } = pause ?? {}
  return t(`overview.paused.${code}`, { host: host ?? '', status: status ?? '' })
}
