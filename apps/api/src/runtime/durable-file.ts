import { open, rename, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Writes a private file atomically and durably: the content reaches the disk before the rename, and the rename before
 * this returns. The file belongs to the owner of its folder, so that the product can read what root wrote.
 */
export async function writeDurably(path: string, text: string): Promise<void> {
  const unfinished = `${path}.new`
  const owner = await stat(dirname(path))
  const file = await open(unfinished, 'w', 0o600)
  try {
    await file.writeFile(text)
    await file.chmod(0o600)
    const { uid, gid } = await file.stat()
    if (process.getuid?.() === 0 && (uid !== owner.uid || gid !== owner.gid)) await file.chown(owner.uid, owner.gid)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(unfinished, path)
  await syncDirectory(dirname(path))
}

/** Makes a rename survive a power cut. Windows has no such operation, and needs none. */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
