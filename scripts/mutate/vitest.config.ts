import { defineConfig } from 'vitest/config'
import { DECISIONS } from './decisions.ts'

/** The tests beside the decisions, which need no database and no server. */
export default defineConfig({
  test: { include: DECISIONS.map((file) => file.replace(/\.ts$/, '.test.ts')) },
})
