import type { Message } from '@inforiver-mail/contract/message'
import type { Pause } from '@inforiver-mail/contract/usage'
import { type InLanguage, pauseText, serverText } from '../api/server-text.ts'
import type { Translate } from '../language/translate.ts'
import type { Intent } from '../ui/notice.tsx'

export interface MessageText extends InLanguage {
  readonly intent: Intent
  readonly title: string
  readonly detail: string
  /** True while the message may still be sent. */
  readonly busy: boolean
}

/** The status of a test mail. `pause` is that of the mailbox. */
export function messageText(message: Message, t: Translate, pause?: Pause | null): MessageText {
  const { status, from, to, attempts, heldBecause, waitingBecause, possibleDuplicate, problem } = message
  const recipients = to.map(({ address }) => address).join(', ')
  const goesTo = t('sending.test.to', { recipients })
  switch (status) {
    case 'sent': {
      const values = { from: from ?? '', hasFrom: from === null ? 'no' : 'yes', recipients }
      const detail = t(possibleDuplicate ? 'sending.test.sent-twice' : 'sending.test.sent-detail', values)
      return { intent: 'success', title: t('sending.test.sent'), detail, busy: false }
    }
    case 'failed': {
      const { title, detail, lang } = problem
        ? serverText(problem, t)
        : { title: t('sending.test.failed'), detail: t('sending.test.no-reason'), lang: undefined }
      return { intent: 'error', title, detail, ...(lang && { lang }), busy: false }
    }
    case 'held': {
      const detail = heldBecause ? t(`sending.held.${heldBecause}`) : t('sending.test.held-detail')
      return { intent: 'warning', title: t('sending.test.held'), detail, busy: false }
    }
    case 'cancelled':
      return {
        intent: 'info',
        title: t('sending.test.cancelled'),
        detail: t('sending.test.cancelled-detail'),
        busy: false,
      }
    case 'sending':
      return { intent: 'info', title: t('sending.test.sending'), detail: goesTo, busy: true }
    case 'scheduled':
    case 'queued': {
      const last = attempts.at(-1)
      if (last) {
        const { detail, values } = last
        return { intent: 'info', title: t('sending.test.again'), ...serverText({ detail, values }, t), busy: true }
      }
      return waitingBecause === null
        ? { intent: 'info', title: t('sending.test.queued'), detail: goesTo, busy: true }
        : {
            intent: 'info',
            title: t('sending.test.waits'),
            detail: t(`sending.waits.${waitingBecause}`, { why: pauseText(pause, t) }),
            busy: true,
          }
    }
  }
}
