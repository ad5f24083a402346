import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

interface Process {
  readonly pid: number
  readonly parent: number
  readonly command: string
}

/** The processes `pids` and all their descendants. */
export async function withDescendants(pids: readonly number[]): Promise<readonly Process[]> {
  const all = await listProcesses()
  const found = new Map(all.filter(({ pid }) => pids.includes(pid)).map((process) => [process.pid, process]))
  // Iterating a map also visits entries added meanwhile.
  for (const pid of found.keys()) {
    for (const child of all) if (child.parent === pid) found.set(child.pid, child)
  }
  return [...found.values()]
}

/** The processes that still run. */
export async function stillRunning(processes: readonly Process[]): Promise<readonly Process[]> {
  const all = await listProcesses()
  return processes.filter(({ pid, command }) => all.some((other) => other.pid === pid && other.command === command))
}

function listProcesses(): Promise<readonly Process[]> {
  // Small Linux images lack ps.
  return process.platform === 'linux' ? readProc() : askPs()
}

async function readProc(): Promise<readonly Process[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const processes = await Promise.all(pids.map((pid) => readProcess(pid).catch(() => null))) // null when it ended meanwhile
  return processes.filter((process) => process !== null)
}

async function readProcess(pid: string): Promise<Process> {
  const [stat, command] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'utf8'),
    readFile(`/proc/${pid}/cmdline`, 'utf8'),
  ])
  // The program's name, in parentheses, may contain anything.
  const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { pid: Number(pid), parent: Number(parent), command: command.replaceAll('\0', ' ').trim() }
}

async function askPs(): Promise<readonly Process[]> {
  const { stdout } = await run('ps', ['-A', '-ww', '-o', 'pid=,ppid=,args='], { maxBuffer: 16 * 1024 * 1024 })
  return stdout.split('\n').flatMap((line) => {
    const [, pid, parent, command = ''] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? []
    return pid === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), command }]
  })
}
