import { readFileSync, writeFileSync } from 'node:fs'
import type { Process } from './ground.ts'

/** The most resident memory since the start, or since `resetPeak`. Linux. */
export function peakMegabytes({ pid }: Process): number {
  const line = readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmHWM:\s+(\d+) kB/)?.[1]
  return Math.round(Number(line) / 1_024)
}

/** The peak is counted anew from here on. Linux. */
export function resetPeak({ pid }: Process): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5')
}
