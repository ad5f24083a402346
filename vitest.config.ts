import { defineConfig } from 'vitest/config'

const API_TESTS = 'apps/api/src/**/*.test.ts'

/** What rests on PostgreSQL's own behaviour has to hold on the oldest version that is supported as well. */
const DATABASE_TESTS = [
  'apps/api/src/audit/append-only.test.ts',
  'apps/api/src/database/{migrate,queue-tables-migration}.test.ts',
  'apps/api/src/scenarios/{fairness,mailbox-limits}.test.ts',
  'apps/api/src/queue/{leases,pause,totals,upload-charges}.test.ts',
  'apps/api/src/messages/{idempotency,streamed-idempotency}.test.ts',
  'apps/api/src/settings/access.test.ts',
]

export default defineConfig({
  test: {
    testTimeout: 180_000,
    hookTimeout: 120_000,
    maxWorkers: 4, // on two cores: much of the time they wait
    // On busy cores: attachments are short-lived, and threads of the collector only take turns with the tests.
    execArgv: ['--max-semi-space-size=64', '--single-threaded-gc'],
    isolate: false, // nothing replaces a module, so that files may share what they import
    expect: { poll: { timeout: 60_000, interval: 20 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'modules',
          include: ['apps/*/src/**/*.test.ts', 'packages/*/src/**/*.test.ts', 'scripts/**/*.test.ts'],
          exclude: [API_TESTS],
        },
      },
      {
        extends: true,
        test: {
          name: 'api, embedded PostgreSQL',
          include: [API_TESTS],
          globalSetup: 'apps/api/src/test-support/setup-embedded.ts',
        },
      },
      {
        extends: true,
        test: {
          name: 'api, installed PostgreSQL',
          include: DATABASE_TESTS,
          globalSetup: 'apps/api/src/test-support/setup-installed.ts',
        },
      },
    ],
  },
})
