import { lstat, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ConfigurationError } from '../configuration/config.ts'
import { syncDirectory } from '../runtime/durable-file.ts'
import { endOfContainer, toEntry } from './container.ts'

export type BackupFile = Awaited<ReturnType<typeof createBackupFile>>

/** @throws {ConfigurationError} when there is a file of this name */
export async function refuseExistingFile(path: string): Promise<void> {
  if (await isThere(path).catch(explainIn(path)))
    throw new ConfigurationError(`${path} exists already. Name a file that does not, or move that one away.`)
}

/**
 * Begins a backup as `PATH.part`, for the owner alone. One that a killed run left there is removed: the caller makes sure
 * that no other backup is being written.
 */
export async function createBackupFile(path: string, at: Date, print: (line: string) => void) {
  const unfinished = `${path}.part`
  if (await isThere(unfinished).catch(explainIn(path))) {
    print(`Removing ${unfinished}, which a backup that was cut off has left.`)
    await rm(unfinished).catch(explainIn(path))
  }
  const file = await open(unfinished, 'wx', 0o600).catch(explainIn(path))
  let bytes = 0
  const write = async (content: Buffer) => {
    for (let rest = content; rest.length > 0;) {
      const { bytesWritten } = await file.write(rest, 0, rest.length, bytes).catch(explainIn(path))
      bytes += bytesWritten
      rest = rest.subarray(bytesWritten)
    }
  }
  /** A backup of another database may have been given the same name: it removes this one, which looks cut off to it. */
  const isStillThere = async () => {
    const [written, named] = [await file.stat(), await lstat(unfinished).catch(() => null)]
    return named?.ino === written.ino && named.dev === written.dev
  }
  return {
    async add(name: string, content: Buffer): Promise<void> {
      for (const part of toEntry(name, content, at)) await write(part)
    },
    /** Makes it durable and gives it its name. Returns its size in bytes. */
    async finish(): Promise<number> {
      await write(endOfContainer())
      await file.sync().catch(explainIn(path))
      if (!(await isStillThere()))
        throw new ConfigurationError(
          `${unfinished} was removed while the backup was written, such as by another backup. Name a file for each.`,
        )
      await file.close()
      await refuseExistingFile(path)
      await rename(unfinished, path).catch(explainIn(path))
      await syncDirectory(dirname(path))
      return bytes
    },
    /** Removes it. */
    async discard(): Promise<void> {
      const isOurs = await isStillThere().catch(() => true) // it is closed once all is written
      await file.close().catch(() => {})
      if (isOurs) await rm(unfinished, { force: true })
    },
  }
}

/** A link counts by itself, even one that leads nowhere: the backup would take its place. */
async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false
      throw error
    },
  )
}

function explainIn(path: string): (error: NodeJS.ErrnoException) => never {
  return (error) => {
    const reason = REASONS[error.code ?? '']
    if (reason === undefined) throw error
    throw new ConfigurationError(`The backup ${path} cannot be written (${error.code}): ${reason}`, { cause: error })
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'its disk is full. Make room, or name a file on another disk.',
  EDQUOT: 'its disk is full for this account. Make room, or name a file on another disk.',
  EFBIG: 'its disk takes no file of that size. Name a file on another disk.',
  EROFS: 'its disk is read-only. Name a file on another disk.',
  ENOENT: 'its folder does not exist. Make it, or name another one.',
  ENOTDIR: 'its folder does not exist. Make it, or name another one.',
  EACCES: 'this account may not write there. Give it that right, or name another folder.',
  EPERM: 'this account may not write there. Give it that right, or name another folder.',
  ENAMETOOLONG: 'its name is too long. Name another one.',
  ERR_FS_EISDIR: 'there is a folder of that name with .part. Name another file.',
  EEXIST: 'another backup is being written there.',
}
