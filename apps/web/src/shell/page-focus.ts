import { useEffect, useRef } from 'react'
import { useLocation } from 'wouter'

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
export function isWaitingForHeading(): boolean {
  return document.activeElement?.id === CONTENT_ID
}

export function focusContent(): void {
  document.querySelector<HTMLElement>(`#${CONTENT_ID}`)?.focus()
}
