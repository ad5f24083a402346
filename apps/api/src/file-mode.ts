/** Whether others than a file's owner may read it. Windows has no such mode. */
export function isReadableByOthers({ mode }: { readonly mode: number }): boolean {
  return process.platform !== 'win32' && (mode & 0o044) !== 0
}
