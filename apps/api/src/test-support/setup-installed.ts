import type { TestProject } from 'vitest/node'
import { provideServer, startEmbeddedServer, startInstalledServer } from './database-server.ts'

/** Uses a second embedded PostgreSQL if none is installed. The tests reach either by URL. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  return provideServer(project, (await startInstalledServer()) ?? (await startEmbeddedServer()))
}
