import { setTimeout as delay } from 'node:timers/promises'
import { MB, submitLarge, untilAccepted } from '../testbed/submit.ts'
import { NO_LIMITS } from '../testbed/testbed.ts'
import { resetPeak, residentMegabytes } from './machine.ts'
import type { BenchDeps } from './guard-rails.ts'

const LARGEST_MB = 150
const IDLE_AFTER_MS = 3_000

/** Measures the peak memory with one file of 150 MB, from its submit until Microsoft has it, over that of the idle process. */
export async function benchLarge({ testbed, score }: BenchDeps): Promise<void> {
  const [tenant] = await testbed.addTenants(1, { largeAttachments: true })
  if (!tenant) return
  const product = await testbed.start('all', NO_LIMITS)
  await delay(IDLE_AFTER_MS)
  const idle = resetPeak(product.pid)
  await submitLarge(product.url, tenant, LARGEST_MB * MB)
  await untilAccepted(testbed.control, 1)
  const peak = residentMegabytes(product.pid, 'VmHWM')
  await product.stop()
  score.note('MB above idle, one file of 150 MB', peak - idle, `idle ${idle} MB, ratio ${(peak / idle).toFixed(2)}`)
}
