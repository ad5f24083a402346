// npm run e2e -- NAME: one browser test file against the whole product. What follows NAME goes to Playwright.
// `npm run e2e -- screenshots` makes the pictures of the documentation again.
import { findBrowser } from './test/find-browser.mjs'
import { runNamedTests } from './test/test-named.mjs'

await runNamedTests({
  usage: 'npm run e2e -- NAME, where NAME is part of the name of a browser test file, such as `configure`',
  folders: ['e2e/tests'],
  ending: '.spec.ts',
  needs: () => 'product',
  runner: (files) => ({
    command: 'playwright',
    parameters: ['test', ...files, '--config', 'e2e/playwright.config.ts', '--reporter=list'],
    environment: {
      BROWSER_EXECUTABLE: findBrowser() ?? '',
      UPDATE_SCREENSHOTS: files.every((file) => file.endsWith('/screenshots.spec.ts')) ? '1' : '',
    },
  }),
})
