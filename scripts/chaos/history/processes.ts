import { readdir, readFile } from 'node:fs/promises'

/** Lists the running children of a process. Linux only. */
export async function childrenOf(parent: number): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const children = await Promise.all(pids.map(async (pid) => ((await parentOf(pid)) === parent ? Number(pid) : null)))
  return children.filter((pid) => pid !== null)
}

async function parentOf(pid: string): Promise<number | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
  // The name, in parentheses, may contain anything.
  const parent = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[1]
  return parent === undefined ? null : Number(parent)
}
