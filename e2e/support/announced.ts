import type { JSHandle, Page } from '@playwright/test'

/** Every text that a live region of the page takes on from now on. */
export async function recordAnnounced(page: Page): Promise<JSHandle<string[]>> {
  return page.evaluateHandle(() => {
    const texts: string[] = []
    const observer = new MutationObserver((changes) => {
      for (const { target } of changes) {
        const element = target instanceof Element ? target : target.parentElement
        const region = element?.closest('[aria-live], output, [role="status"], [role="alert"]')
        if (region) texts.push(region.textContent ?? '')
      }
    })
    observer.observe(document.body, { subtree: true, childList: true, characterData: true })
    return texts
  })
}
