import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const LOOK_EVERY_MS = 1_000

/**
 * Calls back when the npm that started this process is gone: killed outright, it cannot pass a signal on. npm runs its
 * scripts in a shell, which outlives it, so that the shell's own parent is watched as well.
 */
export function watchNpm(onGone) {
  if (!process.env.npm_lifecycle_event || process.platform === 'win32') return
  const parent = process.ppid
  const npm = isShell(parent) ? parentOf(parent) : null
  const timer = setInterval(() => {
    if (process.ppid === parent && (npm === null || parentOf(parent) === npm)) return
    clearInterval(timer)
    onGone()
  }, LOOK_EVERY_MS)
  timer.unref()
}

/** Some shells replace themselves with the last command they run: then npm is the parent. */
function isShell(pid) {
  return / -c /.test(readProcess(pid, 'cmdline')?.replaceAll('\0', ' ') ?? askPs(pid, 'args'))
}

function parentOf(pid) {
  // The name of the program, in parentheses, may contain anything; the state and the parent follow it.
  const afterName = readProcess(pid, 'stat')?.split(') ').at(-1)
  return Number(afterName?.split(' ')[1] ?? askPs(pid, 'ppid'))
}

/** Null where there is no /proc, as on macOS, or no such process. */
function readProcess(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return null
  }
}

function askPs(pid, column) {
  return spawnSync('ps', ['-o', `${column}=`, '-p', String(pid)], { encoding: 'utf8' }).stdout ?? ''
}
