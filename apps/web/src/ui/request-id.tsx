import { makeStyles, tokens } from '@fluentui/react-components'

const useStyles = makeStyles({
  id: { color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase200 },
  value: { fontFamily: tokens.fontFamilyMonospace, overflowWrap: 'anywhere' },
})

/** Shows an id to quote in a support request; renders nothing when there is none. */
export function RequestId({ label, value }: { label: string; value: string | null }) {
  const styles = useStyles()
  if (!value) return null
  return (
    <span className={styles.id}>
      {label}: <span className={styles.value}>{value}</span>
    </span>
  )
}
