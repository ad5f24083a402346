import { defineConfig } from '@playwright/test'
import type { WorkerOptions } from './support/test.ts'

const executablePath = process.env['BROWSER_EXECUTABLE'] || undefined
const updateScreenshots = process.env['UPDATE_SCREENSHOTS'] === '1'

export default defineConfig<object, WorkerOptions>({
  testDir: 'tests',
  // The documentation's screenshots are taken on request only: a test run leaves the tree as it was.
  testMatch: updateScreenshots ? 'screenshots.spec.ts' : '*.spec.ts',
  testIgnore: updateScreenshots ? [] : 'screenshots.spec.ts',
  outputDir: '../test-results/browser',
  forbidOnly: true,
  fullyParallel: true, // no test needs another, so no worker is left alone with a long file
  retries: 0,
  workers: updateScreenshots ? 1 : 2, // each with a product of its own, on two cores and beside the other tests
  // A hang is a failure, and these end it: a test takes three seconds on an idle machine, the longest twelve, and 80 with
  // a load of 20.
  timeout: 400_000,
  expect: { timeout: 300_000 },
  use: {
    port: updateScreenshots ? 3000 : null, // the address that readers know from the start
    viewport: { width: 1280, height: 900 },
    locale: 'en-GB',
    timezoneId: 'UTC',
    screenshot: 'only-on-failure',
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
