import { copyFile, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { syncDirectory } from '../../runtime/durable-file.ts'
import { exists } from './data-folder.ts'

// A restore fills `restoring/` in the data folder. When all is there, it renames that to `restored-<time>/`: from then on
// the restored data count. Whoever takes the data folder next completes the exchange, however often it is cut off: what
// is there goes to `before-restore-<time>/`, and what was restored takes its place.

/** What a data folder consists of; the lock stays where it is. */
const PARTS = ['postgres', 'postgres-password', 'simulator', 'vault-keys'] as const
const RESTORED = 'restored-'
const BEFORE = 'before-restore-'

export function restoringFolderOf(dataDirectory: string): string {
  return join(dataDirectory, 'restoring')
}

/** Whether there are data that a restore would replace. */
export async function hasData(dataDirectory: string): Promise<boolean> {
  return (await exists(join(dataDirectory, 'postgres'))) || exists(join(dataDirectory, 'simulator'))
}

/**
 * Swaps the restored folder in for the current one.
 *
 * @param time part of the name of the folder for the previous data
 * @returns that folder; null where there was nothing
 */
export async function replaceByRestored(dataDirectory: string, time: string): Promise<string | null> {
  let name = time
  for (let count = 2; await exists(join(dataDirectory, `${BEFORE}${name}`)); count++) name = `${time}-${count}`
  await rename(restoringFolderOf(dataDirectory), join(dataDirectory, `${RESTORED}${name}`))
  await syncDirectory(dataDirectory)
  return finishRestore(dataDirectory)
}

/** Completes a swap that was interrupted. Returns the folder with the previous data; null without one. */
export async function finishRestore(dataDirectory: string): Promise<string | null> {
  const name = (await readdir(dataDirectory)).find((each) => each.startsWith(RESTORED))
  if (name === undefined) return null
  const restored = join(dataDirectory, name)
  const kept = join(dataDirectory, `${BEFORE}${name.slice(RESTORED.length)}`)
  for (const part of PARTS) {
    if (!(await exists(join(restored, part)))) continue
    if (await exists(join(dataDirectory, part))) {
      await mkdir(kept, { recursive: true, mode: 0o700 })
      await rename(join(dataDirectory, part), join(kept, part))
    }
    await rename(join(restored, part), join(dataDirectory, part))
  }
  const isKept = await exists(kept)
  if (isKept) await keepKeys(dataDirectory, kept)
  for (const folder of [dataDirectory, ...(isKept ? [kept] : [])]) await syncDirectory(folder)
  await rm(restored, { recursive: true, force: true })
  return isKept ? kept : null
}

/** Copies the keys to the kept data too, which could not be opened without them. */
async function keepKeys(dataDirectory: string, kept: string): Promise<void> {
  const [from, to] = [join(dataDirectory, 'vault-keys'), join(kept, 'vault-keys')]
  if ((await exists(from)) && !(await exists(to))) await copyFile(from, to)
}
