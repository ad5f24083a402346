import { defineConfig } from 'vitest/config'

const API_TESTS = 'apps/api/src/**/*.test.ts'

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    expect: { poll: { timeout: 15_000, interval: 20 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'modules',
          include: ['apps/*/src/**/*.test.ts', 'packages/*/src/**/*.test.ts'],
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
          include: [API_TESTS],
          globalSetup: 'apps/api/src/test-support/setup-installed.ts',
        },
      },
    ],
  },
})
