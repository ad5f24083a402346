import { globSync } from 'node:fs'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const API_TESTS = 'apps/api/src/**/*.test.ts'

/** Tests of PostgreSQL's own behaviour run on the oldest supported version, where the machine has it. */
const DATABASE_TESTS = [
  'apps/api/src/audit/append-only.test.ts',
  'apps/api/src/queue/mailbox/upload-charges.test.ts',
  'apps/api/src/messages/{idempotency,streamed-idempotency}.test.ts',
]
/** Those that take long run there alone; other tests run the same statements on the embedded one. */
const LONG_DATABASE_TESTS = [
  'apps/api/src/database/migrations/migrate.test.ts',
  'apps/api/src/queue/{counters,owner/outcomes}.test.ts',
  'apps/api/src/settings/access.test.ts',
]
const moved = [...DATABASE_TESTS, ...LONG_DATABASE_TESTS].filter(
  (pattern) => globSync(pattern, { cwd: import.meta.dirname }).length < pattern.split(',').length,
)
if (moved.length > 0) throw new Error(`vitest.config.ts names tests that are gone: ${moved.join(', ')}`)

/** They take the longest, although they are not the largest: vitest would begin with the largest files. */
const LONG_TESTS = /\/(largest-attachment|upload-faults|upload-resumes?|embedded-postgres|stop)\.test\.ts$/

/**
 * Imports the API as production does, by Node itself, which keeps what it has compiled for the next process. The modules
 * of the page could not be imported so.
 */
const BY_NODE = { viteModuleRunner: false }

/** Begins with the long files, so that no worker is left alone with one when the others are done. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isLong = ({ moduleId }: TestSpecification) => LONG_TESTS.test(moduleId)
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))]
  }
}

export default defineConfig({
  test: {
    // A hang is a failure, and these end it. No test may fail because the machine is slow, so they are far above what a
    // test takes: the longest 20 s on two cores, and ten times that beside much else.
    testTimeout: 400_000,
    hookTimeout: 400_000,
    // More than there are cores, since much of the time they wait; but each compiles whatever its tests run.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    // Attachments are short-lived garbage, and on busy cores the collector's threads compete with the tests.
    // V8 would collect the whole heap after every 64 MB of buffers, which a few attachments are.
    execArgv: [
      '--max-semi-space-size=64',
      '--single-threaded-gc',
      '--external-memory-accounted-in-global-limit',
      '--initial-old-space-size=400',
    ],
    isolate: false, // no test replaces a module, so files of a worker share what they import
    expect: { poll: { timeout: 300_000, interval: 100 } },
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
          experimental: BY_NODE,
          include: [API_TESTS],
          exclude: LONG_DATABASE_TESTS,
          globalSetup: 'apps/api/src/test-support/setup-embedded.ts',
        },
      },
      {
        extends: true,
        test: {
          name: 'api, installed PostgreSQL',
          experimental: BY_NODE,
          include: [...DATABASE_TESTS, ...LONG_DATABASE_TESTS],
          globalSetup: 'apps/api/src/test-support/setup-installed.ts',
        },
      },
    ],
  },
})
