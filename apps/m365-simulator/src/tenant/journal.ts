import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Journal<Entry> {
  /** Writes before it returns, so that a killed process loses nothing that it has answered. */
  append(entry: Entry): void
  /** Replaces everything with these entries, atomically. */
  rewrite(entries: readonly Entry[]): void
}

export const memoryJournal: Journal<unknown> = { append() {}, rewrite() {} }

/**
 * Opens an append-only file of JSON lines and passes its entries to `replay`, in order. It cuts off a last line that a
 * killed process left half-written.
 *
 * @throws Error when any other line cannot be read, which a crash does not explain
 */
export function openJournal<Entry>(folder: string, replay: (entry: Entry) => void): Journal<Entry> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, 'journal.jsonl')
  const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  for (const [position, line] of whole.split('\n').slice(0, -1).entries()) {
    replay(parseEntry(line, `${path} is damaged in line ${position + 1}. Remove the file to start over.`) as Entry)
  }
  if (whole !== text) truncateSync(path, Buffer.byteLength(whole))
  const write = (file: string, entries: readonly Entry[]): void =>
    appendFileSync(file, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''), { mode: 0o600 })
  return {
    append: (entry) => write(path, [entry]),
    rewrite(entries) {
      const next = `${path}.next`
      writeFileSync(next, '', { mode: 0o600 })
      write(next, entries)
      renameSync(next, path)
    },
  }
}

function parseEntry(line: string, ifDamaged: string): unknown {
  try {
    return JSON.parse(line)
  } catch (error) {
    throw new Error(ifDamaged, { cause: error })
  }
}
