import { makeStyles, tokens, typographyStyles } from '@fluentui/react-components'
import { useEffect, useRef } from 'react'
import { isWaitingForHeading } from './page-focus.ts'

const useStyles = makeStyles({
  heading: {
    ...typographyStyles.title2,
    margin: 0,
    overflowWrap: 'anywhere',
    // It receives the focus after a change of page, which is nothing to look at.
    outlineStyle: 'none',
    color: tokens.colorNeutralForeground1,
  },
})

const PRODUCT = 'Inforiver Mail'

/** The first heading of a page, and the title of its window. */
export function PageHeading({ title }: { title: string }) {
  const styles = useStyles()
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    if (isWaitingForHeading()) heading.current?.focus()
  }, [])
  useEffect(() => {
    document.title = title === PRODUCT ? PRODUCT : `${title} - ${PRODUCT}`
  }, [title])
  return (
    <h1 ref={heading} className={styles.heading} tabIndex={-1}>
      {title}
    </h1>
  )
}
