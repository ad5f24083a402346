import { readFileSync, writeFileSync } from 'node:fs'
import type { Process } from '../testbed/testbed.ts'

/** Peak resident memory since the start, or since `peakAfterReset`. Linux only. */
export function peakMegabytes({ pid }: Pick<Process, 'pid'>): number {
  const line = readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmHWM:\s+(\d+) kB/)?.[1]
  return Math.round(Number(line) / 1_024)
}

/** Resets the peak to the current resident memory, which it returns. Linux only. */
export function peakAfterReset(process: Process): number {
  writeFileSync(`/proc/${process.pid}/clear_refs`, '5')
  return peakMegabytes(process)
}
