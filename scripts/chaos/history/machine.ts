import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDatabaseLink } from './database-link.ts'
import { createDisk, type Disk } from './disk.ts'
import { startPostgresPair, type PostgresPair } from './postgres-pair.ts'

/** The database servers, and the disk of one of them. */
export interface Machine {
  readonly pair: PostgresPair
  /** Null when this account may not mount one. */
  readonly disk: Disk | null
  /** The primary's address, through a link that no fault touches. */
  readonly url: string
  leadTo(port: number): void
  close(): Promise<void>
}

export async function openMachine(): Promise<Machine> {
  const directory = await mkdtemp(join(tmpdir(), 'inforiver-mail-history-'))
  await chmod(directory, 0o755) // PostgreSQL may run under another account
  const disk = await createDisk(directory)
  const folders = [disk?.path ?? join(directory, 'first'), join(directory, 'second')] as const
  for (const folder of folders) await mkdir(folder, { recursive: true })
  const pair = await startPostgresPair(folders)
  const link = await createDatabaseLink(pair.port)
  const url = new URL(pair.url)
  url.port = String(link.port)
  return {
    pair,
    disk,
    url: url.href,
    leadTo: (port) => link.leadTo(port),
    async close() {
      await pair.stop()
      await link.close()
      await disk?.remove()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
