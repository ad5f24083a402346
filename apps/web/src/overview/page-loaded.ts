/** Resolves once the document and all that it loads at first is there. */
export function pageLoaded(): Promise<void> {
  return new Promise((resolve) => {
    // Behind the event itself, and behind whoever waits for it.
    const later = () => setTimeout(resolve)
    if (document.readyState === 'complete') later()
    else window.addEventListener('load', later, { once: true })
  })
}
