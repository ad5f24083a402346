import { randomBytes, randomUUID } from 'node:crypto'
import type { DirectoryIndex } from '../tenant/directory.ts'

/** As long as Exchange's ids, and case-sensitive like them. */
export function newItemId(): string {
  return randomBytes(105).toString('base64url')
}

export function newMessageId({ directory }: DirectoryIndex): string {
  return `<${randomUUID()}@${directory.domain}>`
}
