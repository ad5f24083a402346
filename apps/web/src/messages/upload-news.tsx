import { makeStyles } from '@fluentui/react-components'
import type { Message } from '@inforiver-mail/contract/message'
import { useState } from 'react'
import { uploadNews } from './message-words.ts'

const useStyles = makeStyles({
  // Out of sight: who sees the bar needs no news of it.
  news: { position: 'absolute', width: '1px', height: '1px', overflow: 'hidden', clipPath: 'inset(50%)' },
})

/** Reads out how an upload proceeds, a few times in all, to whoever has the page open meanwhile. */
export function UploadNews({ message }: { message: Message }) {
  const styles = useStyles()
  const [watched, setWatched] = useState(false)
  if (message.progress && !watched) setWatched(true)
  return (
    <div aria-live="polite" className={styles.news}>
      {watched && uploadNews(message)}
    </div>
  )
}
