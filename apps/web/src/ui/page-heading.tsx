import { makeStyles, tokens, typographyStyles } from '@fluentui/react-components'
import { useEffect, useRef } from 'react'
import { useLocation } from 'wouter'

const useStyles = makeStyles({
  heading: {
    ...typographyStyles.title2,
    margin: 0,
    overflowWrap: 'anywhere',
    // "Mandanteneinstellungen" is as wide as a phone.
    '@media (max-width: 480px)': typographyStyles.title3,
    // It takes the focus after a change of page, for screen readers only.
    outlineStyle: 'none',
    color: tokens.colorNeutralForeground1,
  },
})

/** The product's name is the same in every language. */
export const PRODUCT = 'Inforiver Mail'

/** Renders the `h1` of a page and sets the title of the window. */
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
      {/* The subject of a message may be in a language of the other direction. */}
      <bdi>{title}</bdi>
    </h1>
  )
}

/** The id of `main`, the element beside the menu that holds the page. */
export const CONTENT_ID = 'content'

/** Moves the focus to the heading of a new page, since a screen reader does not notice client-side navigation. */
export function useFocusOnNewPage(): void {
  const [location] = useLocation()
  const shown = useRef(location)
  useEffect(() => {
    if (shown.current === location) return
    shown.current = location
    // What was left for a part of the page, such as a row of a list, has it back without scrolling.
    const left = document.querySelector<HTMLElement>(`#${CONTENT_ID} [data-takes-focus]`)
    if (left?.checkVisibility()) {
      left.focus({ preventScroll: true })
      return
    }
    const heading = document.querySelector<HTMLElement>(`#${CONTENT_ID} h1`)
    if (heading) heading.focus()
    else focusContent() // the heading takes it over when it is rendered
  }, [location])
}

/** True while the focus is where `useFocusOnNewPage` left it for a heading to come. */
function isWaitingForHeading(): boolean {
  return document.activeElement?.id === CONTENT_ID
}

export function focusContent(): void {
  document.querySelector<HTMLElement>(`#${CONTENT_ID}`)?.focus()
}
