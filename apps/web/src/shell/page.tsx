import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components'
import type { ReactNode } from 'react'

const useStyles = makeStyles({
  page: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalXL },
  form: { maxWidth: '760px' },
  table: { maxWidth: '960px' },
  log: { maxWidth: '1200px' },
})

/** The parts of a page, one below the other; its width follows from what it mainly holds. */
export function Page({ width, children }: { width: 'form' | 'table' | 'log'; children: ReactNode }) {
  const styles = useStyles()
  return <div className={mergeClasses(styles.page, styles[width])}>{children}</div>
}
