import { makeStyles } from '@fluentui/react-components'
import { useTranslate } from '../language/language.tsx'

const LINES_AT_ONCE = 10

const useStyles = makeStyles({ lines: { listStyleType: 'none', margin: 0, padding: 0 } })

/** Shows the first lines, each once, and folds the rest, since there may be hundreds. */
export function FoldedLines({ lines }: { lines: readonly string[] }) {
  const t = useTranslate()
  const all = [...new Set(lines)]
  const rest = all.slice(LINES_AT_ONCE)
  return (
    <>
      <LineList lines={all.slice(0, LINES_AT_ONCE)} />
      {rest.length > 0 && (
        <details>
          <summary>{t('messages.more', { count: rest.length })}</summary>
          <LineList lines={rest} />
        </details>
      )}
    </>
  )
}

function LineList({ lines }: { lines: readonly string[] }) {
  const styles = useStyles()
  return (
    <ul className={styles.lines}>
      {lines.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  )
}
