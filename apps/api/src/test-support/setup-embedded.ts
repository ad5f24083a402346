import type { TestProject } from 'vitest/node'
import { provideServer, startEmbeddedServer } from './database-server.ts'

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  return provideServer(project, await startEmbeddedServer())
}
