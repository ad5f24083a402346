import type { TestProject } from 'vitest/node'
import { provideServer, startEmbeddedServer, startInstalledServer } from './database-server.ts'

/** Where the machine has no PostgreSQL of its own, a second embedded one stands in: the tests reach it by URL all the same. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  return provideServer(project, (await startInstalledServer()) ?? (await startEmbeddedServer()))
}
