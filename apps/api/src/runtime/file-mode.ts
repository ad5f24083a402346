/**
 * Whether others than a file's owner may read it. The group of a file that is root's does not count: through it root
 * hands a file to a service, as Kubernetes does with secrets. Windows has no such mode.
 */
export function isReadableByOthers(
  { mode, uid }: { readonly mode: number; readonly uid: number },
  reader = process.getuid?.(),
): boolean {
  const others = uid === 0 && reader !== 0 ? 0o004 : 0o044
  return process.platform !== 'win32' && (mode & others) !== 0
}

/** Whether every account of the machine may read a file. Its group does not count: it may be the service's own. */
export function isReadableByEveryone({ mode }: { readonly mode: number }): boolean {
  return process.platform !== 'win32' && (mode & 0o004) !== 0
}
