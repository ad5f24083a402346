import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { measureReadiness, type ReadinessCheck } from './health.ts'

it('shows by a metric whether the process is ready, also when a check fails', async () => {
  const answers: (() => Promise<string | null>)[] = [
    async () => null,
    async () => 'The disk of the database is full.',
    () => Promise.reject(new Error('away')),
    async () => null,
  ]
  const registry = new Registry()
  const database: ReadinessCheck = async () => answers.shift()?.() ?? 'It was asked too often.'
  measureReadiness(registry, { database, migrations: async () => null })

  for (const ready of [1, 0, 0, 1]) expect(await registry.metrics()).toContain(`inforiver_mail_ready ${ready}\n`)
})
