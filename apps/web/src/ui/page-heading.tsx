import { makeStyles, tokens, typographyStyles } from '@fluentui/react-components'
import { useEffect, useRef } from 'react'
import { useLocation } from 'wouter'

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

/** Of the element that holds the page, beside the menu. */
export const CONTENT_ID = 'content'

/** Says where one is now: a change of page inside the app is otherwise silent to a screen reader. */
export function useFocusOnNewPage(): void {
  const [location] = useLocation()
  const shown = useRef(location)
  useEffect(() => {
    if (shown.current === location) return
    shown.current = location
    // While the new page is loading, the one before is still there, out of sight.
    const headings = [...document.querySelectorAll<HTMLElement>(`#${CONTENT_ID} h1`)]
    const heading = headings.find((candidate) => candidate.checkVisibility())
    if (heading) heading.focus()
    else focusContent() // from there the heading takes it, when it comes
  }, [location])
}

/** True while the focus is where a page without a heading leaves it, and nobody has moved on from there. */
function isWaitingForHeading(): boolean {
  return document.activeElement?.id === CONTENT_ID
}

export function focusContent(): void {
  document.querySelector<HTMLElement>(`#${CONTENT_ID}`)?.focus()
}
