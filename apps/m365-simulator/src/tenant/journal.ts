import { closeSync, createReadStream, existsSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export interface Journal<Entry> {
  /** Writes before it returns, so that a killed process loses nothing that it has answered. */
  append(entry: Entry): void
  /** Replaces everything with these entries, atomically. */
  rewrite(entries: Iterable<Entry>): void
  close(): void
}

export const memoryJournal: Journal<unknown> = { append() {}, rewrite() {}, close() {} }

/**
 * Opens an append-only file of JSON lines and passes its entries to `replay`, in order. It drops a last line that a
 * killed process left half-written.
 *
 * @throws Error when any other line cannot be read, which a crash does not explain
 */
export async function openJournal<Entry>(folder: string, replay: (entry: Entry) => void): Promise<Journal<Entry>> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, 'journal.jsonl')
  if (existsSync(path)) await readEntries(path, (entry) => replay(entry as Entry))
  let file = openSync(path, 'a', 0o600)
  return {
    append: (entry) => writeWhole(file, `${JSON.stringify(entry)}\n`),
    rewrite(entries) {
      const next = `${path}.next`
      const nextFile = openSync(next, 'w', 0o600)
      for (const entry of entries) writeWhole(nextFile, `${JSON.stringify(entry)}\n`)
      fsyncSync(nextFile)
      renameSync(next, path)
      closeSync(file)
      file = nextFile
    },
    close: () => closeSync(file),
  }
}

async function readEntries(path: string, replay: (entry: unknown) => void): Promise<void> {
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Infinity })
  let lineNumber = 0
  let unreadable: number | null = null
  for await (const line of lines) {
    lineNumber += 1
    if (unreadable !== null) throw new Error(`${path} is damaged in line ${unreadable}. Remove the file to start over.`)
    const entry = parseEntry(line)
    if (entry === undefined) unreadable = lineNumber
    else replay(entry)
  }
}

function parseEntry(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function writeWhole(file: number, text: string): void {
  const bytes = Buffer.from(text)
  for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written)
}
