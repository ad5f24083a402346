/** Compares two versions such as 1.10.0 by their numbers: negative if the first is older. */
export function compareVersions(one: string, other: string): number {
  const [a, b] = [numbersOf(one), numbersOf(other)]
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2]
}

/**
 * Names the first version of the release before, such as 1.1.0 for 1.2.3. A major release has none: its operators have to
 * act, and nobody goes back from it without a backup.
 */
export function previousRelease(version: string): string {
  const [major, minor] = numbersOf(version)
  return `${major}.${Math.max(minor - 1, 0)}.0`
}

function numbersOf(version: string): readonly [number, number, number] {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map((part) => Number.parseInt(part, 10))
  return [major, minor, patch]
}
