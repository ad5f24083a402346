import { makeStyles, tokens } from '@fluentui/react-components'
import type { Usage } from '@inforiver-mail/contract/message'
import { LocalTime } from '../shell/local-time.tsx'
import { usageWords } from './usage-words.ts'

const useStyles = makeStyles({
  lines: { display: 'grid', gap: tokens.spacingVerticalXS },
})

interface Props {
  usage: Usage
  /** Nothing is sent, so that nobody knows when the waiting messages are gone. */
  stopped: boolean
}

/** How much more the mailbox may send now, and when the waiting messages are gone. */
export function UsageLines({ usage, stopped }: Props) {
  const styles = useStyles()
  const { pausedUntil, estimatedLastSentAt } = usage
  return (
    <div className={styles.lines}>
      <span>{usageWords(usage) ?? 'Messages, recipients and attachments are not limited.'}</span>
      {pausedUntil && (
        <span>
          Nothing is sent before <LocalTime at={pausedUntil} format="seconds" />: Microsoft takes no mail until then, or
          gives no access.
        </span>
      )}
      {estimatedLastSentAt && !stopped && (
        <span>
          The last waiting message leaves by about <LocalTime at={estimatedLastSentAt} format="short" />.
        </span>
      )}
    </div>
  )
}
