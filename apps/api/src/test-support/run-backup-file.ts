import { readdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { createBackupFile } from '../backup/backup-file.ts'

/** Writes more into a backup than its disk takes. Prints what it says, and what is left there. */
const [, , path = ''] = process.argv
const file = await createBackupFile(path, new Date(), () => {})
try {
  await file.add('zeros', Buffer.alloc(1_000_000))
} catch (error) {
  console.log((error as Error).message)
  await file.discard()
}
console.log(readdirSync(dirname(path)).join())
