import { execFile, spawnSync } from 'node:child_process'
import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

const SIZE = '3G' // sparse
const UNMOUNT_TRIES = 60
const UNMOUNT_AGAIN_MS = 500

/** A file system in a file, whose power can be cut. */
export interface Disk {
  readonly path: string
  /** Saves the device as a power cut at this moment would leave it: unwritten pages are lost. */
  takeImage(): Promise<void>
  /** Mounts the image in place of the disk, which must not be in use. */
  mountImage(): Promise<void>
  remove(): Promise<void>
}

/** Returns null when this account may not mount a file system. */
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
  // Also after an interruption, since a mount outlives the process.
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

/** Killed processes release their files a moment later, much later on a busy machine. */
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
