import { expect, test } from '../support/test.ts'

test('a script that somebody managed to put into the page does not run', async ({ page, settings, faults }) => {
  await expect(settings.address).toBeVisible()
  await page.evaluate(() => {
    const script = document.createElement('script')
    script.textContent = 'document.title = "owned"'
    document.body.append(script)
    const image = document.createElement('img')
    image.setAttribute('onerror', 'document.title = "owned"')
    image.src = '/no-such-image'
    document.body.append(image)
  })

  // Each violation is reported twice: in the console and as an event.
  await expect.poll(() => faults.list.filter((fault) => /script-src|inline/.test(fault)).length).toBe(4)
  expect(faults.take()).toHaveLength(4)
  await expect(page).not.toHaveTitle('owned')
})
