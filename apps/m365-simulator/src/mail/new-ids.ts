import { randomBytes, randomUUID } from 'node:crypto'
import type { DirectoryIndex } from '../tenant/directory.ts'

/** Makes an id as long as Exchange's, and case-sensitive like them. */
export function newItemId(): string {
  return randomBytes(105).toString('base64url')
}

export function newMessageId({ directory }: DirectoryIndex): string {
  return `<${randomUUID()}@${directory.domain}>`
}
