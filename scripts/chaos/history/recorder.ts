import { createWriteStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { HistoryEvent } from './history.ts'

/** The most events that are checked in memory, about 300 MB. */
const MAX_LINES = 1_000_000

export type Recorder = ReturnType<typeof createRecorder>

export function createRecorder(path: string) {
  const file = createWriteStream(path, { mode: 0o600 })
  let lines = 0
  return {
    write(event: HistoryEvent): void {
      lines += 1
      if (lines > 2 * MAX_LINES) throw new Error('The history has become too long.')
      file.write(`${JSON.stringify(event)}\n`)
    },
    /** Nothing more should be started; there is room for what is under way. */
    isFull: () => lines >= MAX_LINES,
    close: () =>
      new Promise<void>((resolve, reject) => {
        file.once('error', reject)
        file.end(() => resolve())
      }),
  }
}

export async function readEvents(path: string): Promise<HistoryEvent[]> {
  const text = await readFile(path, 'utf8')
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as HistoryEvent)
}
