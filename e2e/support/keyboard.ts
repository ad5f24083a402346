import { expect, type Page } from '@playwright/test'

/** Presses Tab until the control has the focus; with `Shift+Tab` it goes back. */
export async function tabTo(
  page: Page,
  role: 'link' | 'button' | 'textbox' | 'switch',
  name: string,
  key: 'Tab' | 'Shift+Tab' = 'Tab',
): Promise<void> {
  const target = page.getByRole(role, { name, exact: true })
  await target.waitFor()
  for (let presses = 0; presses < 40; presses += 1) {
    await page.keyboard.press(key)
    if (await target.evaluate((element) => element === document.activeElement)) {
      await expectVisibleFocus(page)
      return
    }
  }
  throw new Error(`Tab does not lead to ${name}.`)
}

/** Checks that the focus changes an outline, a shadow, a border or a line. */
async function expectVisibleFocus(page: Page): Promise<void> {
  const change = await page.evaluate(() => {
    const looks = (element: Element) =>
      [element, element.parentElement, element.nextElementSibling]
        .flatMap((part) => (part ? [null, '::after'].map((pseudo) => getComputedStyle(part, pseudo)) : []))
        .map(({ outline, boxShadow, borderColor, transform }) => [outline, boxShadow, borderColor, transform].join())
        .join()
    const focused = document.activeElement
    if (!(focused instanceof HTMLElement)) return null
    const withFocus = looks(focused)
    focused.blur()
    const without = looks(focused)
    focused.focus()
    return withFocus !== without
  })
  expect(change, 'the focus can be seen').toBe(true)
}
