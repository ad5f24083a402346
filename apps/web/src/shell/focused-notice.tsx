import { makeStyles, tokens } from '@fluentui/react-components'
import { type ComponentProps, useEffect, useRef } from 'react'
import { Notice } from './notice.tsx'

const useStyles = makeStyles({
  outcome: { borderRadius: tokens.borderRadiusMedium },
})

/** What came of pressing a button that is no longer there: it takes the focus in the button's place. */
export function FocusedNotice(props: ComponentProps<typeof Notice>) {
  const styles = useStyles()
  const element = useRef<HTMLDivElement>(null)
  useEffect(() => element.current?.focus(), [])
  return (
    <div ref={element} tabIndex={-1} className={styles.outcome}>
      <Notice {...props} />
    </div>
  )
}
