/**
 * What follows the version in a link of Graph to a next page, which is absolute; null where it is none. Only that is kept, so
 * that no answer can lead a token to another host, and so that a link of Graph leads through the gateway in front of it.
 */
export function pathOfLink(link: string): string | null {
  return /^https?:\/\/[^/]+(?:\/[^?#]*?)?\/v1\.0(\/[^#]+)$/.exec(link)?.[1] ?? null
}
