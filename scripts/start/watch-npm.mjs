import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const POLL_EVERY_MS = 1_000

/**
 * Calls back when the npm that started this process is gone: when it is killed, it cannot forward a signal. npm runs
 * its scripts in a shell that outlives it, so the shell's parent is watched as well.
 */
export function watchNpm(onGone) {
  if (!process.env.npm_lifecycle_event || process.platform === 'win32') return
  const parent = process.ppid
  const npm = isShell(parent) ? parentOf(parent) : null
  const timer = setInterval(() => {
    if (process.ppid === parent && (npm === null || parentOf(parent) === npm)) return
    clearInterval(timer)
    onGone()
  }, POLL_EVERY_MS)
  timer.unref()
}

/** Some shells exec their last command: then npm itself is the parent. */
function isShell(pid) {
  return / -c /.test(readProcess(pid, 'cmdline')?.replaceAll('\0', ' ') ?? askPs(pid, 'args'))
}

function parentOf(pid) {
  // The program's name, in parentheses, may contain anything; state and parent follow it.
  const afterName = readProcess(pid, 'stat')?.split(') ').at(-1)
  return Number(afterName?.split(' ')[1] ?? askPs(pid, 'ppid'))
}

/** Null without /proc, as on macOS, or when the process is gone. */
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
