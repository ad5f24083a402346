import { useEffect } from 'react'
import { focusContent } from './page.tsx'

/**
 * Moves the focus to what is around the element that had it when that leaves the document: the row, the section, or the
 * page. Browsers drop the focus then, and a screen reader begins at the top of the document. Whoever knows a better place,
 * such as the outcome of a button, moves the focus there afterwards.
 */
export function useKeptFocus(): void {
  useEffect(() => {
    let around: readonly Element[] = []
    const remember = ({ target }: FocusEvent) => {
      around = target instanceof Element ? pathOf(target) : []
    }
    const forget = ({ target }: FocusEvent) =>
      queueMicrotask(() => {
        // It left by itself, as by a click beside it. In a window that is in the background it only seems so.
        if (around[0]?.isConnected && target === around[0] && target !== document.activeElement) around = []
      })
    const keep = () => {
      const [focused] = around
      if (focused === undefined || focused.isConnected || document.activeElement !== document.body) return
      const place = around.find((element) => isPlace(element) && isShown(element))
      if (!(place instanceof HTMLElement && takesFocus(place))) focusContent()
    }
    const removals = new MutationObserver(keep)
    removals.observe(document.body, { childList: true, subtree: true })
    document.addEventListener('focusin', remember)
    document.addEventListener('focusout', forget)
    return () => {
      removals.disconnect()
      document.removeEventListener('focusin', remember)
      document.removeEventListener('focusout', forget)
    }
  }, [])
}

/** The element and those around it, from the inside out. */
function pathOf(element: Element): readonly Element[] {
  const path = [element]
  for (let outer = element.parentElement; outer; outer = outer.parentElement) path.push(outer)
  return path
}

function isPlace(element: Element): boolean {
  return element.matches('dialog, section, [role="group"]')
}

function isShown(element: Element): boolean {
  return element.isConnected && element.checkVisibility() && element.getBoundingClientRect().height > 0
}

function takesFocus(place: HTMLElement): boolean {
  if (!place.hasAttribute('tabindex')) place.tabIndex = -1
  place.focus({ preventScroll: true })
  return document.activeElement === place
}
