import { defineConfig } from '@playwright/test'

const executablePath = process.env['BROWSER_EXECUTABLE'] || undefined
const updateScreenshots = process.env['UPDATE_SCREENSHOTS'] === '1'

export default defineConfig({
  testDir: 'tests',
  // The pictures of the documentation are made on request only: a test run leaves the tree as it was.
  testMatch: updateScreenshots ? 'screenshots.spec.ts' : '*.spec.ts',
  testIgnore: updateScreenshots ? [] : 'screenshots.spec.ts',
  outputDir: '../test-results/browser',
  forbidOnly: true,
  fullyParallel: false,
  retries: 0,
  workers: 2, // each with a product of its own
  timeout: 30_000,
  expect: { timeout: 10_000 },
  use: {
    viewport: { width: 1280, height: 900 },
    locale: 'en-GB',
    timezoneId: 'UTC',
    trace: 'off',
    launchOptions: {
      ...(executablePath && { executablePath }),
      args: [
        '--no-sandbox',
        '--disable-quic',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
      // People have a popup blocker, so the tests have one.
      ignoreDefaultArgs: ['--disable-popup-blocking'],
    },
  },
})
