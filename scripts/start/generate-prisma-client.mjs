// turbo run generate: generates the Prisma client from prisma/schema.prisma, offline.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

// Prisma would download an engine that generating does not need. Any existing file satisfies it.
const environment = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: '1' }
const schema = fileURLToPath(new URL('../../prisma/schema.prisma', import.meta.url))
const { status } = spawnSync('prisma', ['generate', '--schema', schema], {
  env: environment,
  stdio: 'inherit',
  shell: process.platform === 'win32',
})
process.exit(status ?? 1)
