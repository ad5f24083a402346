import { makeStyles, ProgressBar, tokens } from '@fluentui/react-components'
import type { Message } from '@inforiver-mail/contract/message'
import { progressWords } from './message-words.ts'

const useStyles = makeStyles({
  progress: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalXS,
    width: '100%',
    minWidth: '96px',
    maxWidth: '240px',
  },
  words: { whiteSpace: 'nowrap', fontVariantNumeric: 'tabular-nums' },
})

interface Props {
  progress: NonNullable<Message['progress']>
  /** What is uploaded, for a screen reader. */
  label: string
}

/** How much of the attachments Microsoft has. */
export function UploadProgress({ progress, label }: Props) {
  const styles = useStyles()
  const words = progressWords(progress)
  const { sentBytes, totalBytes } = progress
  return (
    <div className={styles.progress}>
      <span className={styles.words}>{words}</span>
      <ProgressBar thickness="large" aria-label={label} aria-valuetext={words} value={sentBytes} max={totalBytes} />
    </div>
  )
}
