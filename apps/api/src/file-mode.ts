/** Whether others than a file's owner may read it. Windows has no such mode. */
export function isReadableByOthers({ mode }: { readonly mode: number }): boolean {
  return process.platform !== 'win32' && (mode & 0o044) !== 0
}

/** Whether every account of the machine may read a file. Its group does not count: it may be the service's own. */
export function isReadableByEveryone({ mode }: { readonly mode: number }): boolean {
  return process.platform !== 'win32' && (mode & 0o004) !== 0
}
