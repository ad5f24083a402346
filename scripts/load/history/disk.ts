import { execFile, spawnSync } from 'node:child_process'
import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

const SIZE = '3G' // sparse
const UNMOUNT_TRIES = 60
const UNMOUNT_AGAIN_MS = 500

/** A file system of its own, in a file, whose power can be cut. */
export interface Disk {
  readonly path: string
  /** What a machine would find after a power cut at this moment: whatever had not been written to the device is gone. */
  takeImage(): Promise<void>
  /** Mounts the image in place of the disk. Nobody may use it meanwhile. */
  mountImage(): Promise<void>
  remove(): Promise<void>
}

/** Null where this account may not mount anything. */
export async function createDisk(directory: string): Promise<Disk | null> {
  if (process.getuid?.() !== 0) return null
  const device = join(directory, 'disk.img')
  const image = join(directory, 'power-cut.img')
  const path = join(directory, 'disk')
  const mount = () => run('mount', ['-o', 'loop', device, path])
  try {
    await mkdir(path)
    await run('truncate', ['-s', SIZE, device])
    await run('mkfs.ext4', ['-q', device])
    await mount()
  } catch {
    return null
  }
  // Also after an interruption: a mount would outlive the process.
  const unmount = () => void spawnSync('umount', ['--lazy', path])
  process.once('exit', unmount)
  return {
    path,
    async takeImage() {
      await run('cp', ['--sparse=always', device, image])
    },
    async mountImage() {
      await unmountWhenFree(path)
      await rename(image, device)
      await mount()
    },
    async remove() {
      process.off('exit', unmount)
      await unmountWhenFree(path)
    },
  }
}

/** Processes that were killed let go of their files a moment later, on a busy machine a long one. */
async function unmountWhenFree(path: string): Promise<unknown> {
  for (let tried = 1; ; tried++) {
    try {
      return await run('umount', [path])
    } catch (error) {
      if (tried === UNMOUNT_TRIES) throw error
      await delay(UNMOUNT_AGAIN_MS)
    }
  }
}
