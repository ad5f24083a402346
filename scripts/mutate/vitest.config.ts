import { defineConfig } from 'vitest/config'
import stryker from './stryker.config.json' with { type: 'json' }

/** The tests beside the decisions, which need no database and no server. */
export default defineConfig({
  test: { include: stryker.mutate.map((file) => file.replace(/\.ts$/, '.test.ts')) },
})
