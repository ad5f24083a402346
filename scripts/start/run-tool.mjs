// Runs tools so that none outlives this process. Runs on the host's Node (20 or newer) before anything is installed: no
// dependencies.
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setPriority } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'

/** The signals that ask a process to stop. */
export const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']
/** A tool that does not stop within this time is killed. */
const ENDS_WITHIN_MS = 5_000
/** How long the rest of a tool's output is waited for when it has ended. */
const OUTPUT_ENDS_WITHIN_MS = 5_000
const IS_WINDOWS = process.platform === 'win32'

/** The tools that run. */
const running = new Set()
const lastActions = []
let stoppedBy = null

/**
 * Runs a tool, and resolves when it has ended. A signal that arrives meanwhile goes to everything that the tool started
 * and, when that has ended, ends this process: nothing resolves then.
 *
 * @param {string} command
 * @param {readonly string[]} parameters
 * @param {import('node:child_process').SpawnOptions & { priority?: number, outputEndsWithinMs?: number }} options
 * @returns {Promise<{ status: number | null, output: string, left: readonly string[] | null }>} `left`: the processes that
 *   still held the tool's output after its end, and were killed; null when its output ended as well
 */
export async function runTool(command, parameters, options = {}) {
  const { priority, outputEndsWithinMs = OUTPUT_ENDS_WITHIN_MS, ...spawnOptions } = options
  if (running.size === 0) for (const signal of STOP_SIGNALS) process.on(signal, stop)
  const child = spawn(command, parameters, {
    shell: IS_WINDOWS,
    detached: !IS_WINDOWS, // its own process group can be ended as a whole; there it would open a window
    stdio: ['ignore', 'pipe', 'pipe'],
    ...spawnOptions,
  })
  // What it starts inherits this. Without a pid it did not start, which an event says.
  if (child.pid !== undefined && priority !== undefined) setPriority(child.pid, priority)
  const tool = { child, outcome: outcomeOf(child, outputEndsWithinMs) }
  running.add(tool)
  const outcome = await tool.outcome
  if (stoppedBy !== null) return new Promise(() => {})
  running.delete(tool)
  if (running.size === 0) for (const signal of STOP_SIGNALS) process.off(signal, stop)
  return outcome
}

/** Calls `action` when this process ends, by a signal to its tools too. */
export function beforeEnd(action) {
  lastActions.push(action)
  process.on('exit', action)
}

function stop(signal) {
  for (const { child } of running) endGroup(child, signal)
  if (stoppedBy !== null) return
  stoppedBy = signal
  const outcomes = Promise.all([...running].map(({ outcome }) => outcome))
  void Promise.race([outcomes, delay(ENDS_WITHIN_MS)]).then(() => {
    for (const { child } of running) endGroup(child, 'SIGKILL')
    for (const action of lastActions) action()
    for (const other of STOP_SIGNALS) process.off(other, stop)
    process.kill(process.pid, stoppedBy)
  })
}

function outcomeOf(child, outputEndsWithinMs) {
  return new Promise((resolve) => {
    let output = ''
    const streams = [child.stdout, child.stderr].filter((stream) => stream !== null)
    const outputs = outputsOf(child)
    for (const stream of streams) stream.setEncoding('utf8').on('data', (text) => (output += text))
    child.on('error', (error) => resolve({ status: null, output: output + error.message, left: null }))
    child.on('close', (status) => resolve({ status, output, left: null }))
    // What a tool left running may hold its output, which then does not close.
    child.on('exit', (status) => {
      setTimeout(() => {
        if (streams.every((stream) => stream.closed)) return
        const left = holdersOf(outputs)
        endGroup(child, 'SIGKILL')
        for (const { pid } of left) kill(pid, 'SIGKILL')
        resolve({ status, output, left: left.map(({ command }) => command) })
        for (const stream of streams) stream.destroy()
      }, outputEndsWithinMs).unref()
    })
  })
}

/** How Linux names the ends of the pipes to which a process writes; elsewhere they have no name. */
function outputsOf({ pid }) {
  return new Set([1, 2].map((fd) => linkOf(`/proc/${pid}/fd/${fd}`)).filter((link) => link !== null))
}

function holdersOf(outputs) {
  return listFolder('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => listFolder(`/proc/${pid}/fd`).some((fd) => outputs.has(linkOf(`/proc/${pid}/fd/${fd}`))))
    .map((pid) => ({ pid: Number(pid), command: commandOf(pid) }))
}

function commandOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
  } catch {
    return `process ${pid}`
  }
}

/** Empty without /proc, as on macOS, or when the process has ended. */
function listFolder(path) {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

function linkOf(path) {
  try {
    return readlinkSync(path)
  } catch {
    return null
  }
}

function endGroup({ pid }, signal) {
  if (pid !== undefined) kill(IS_WINDOWS ? pid : -pid, signal)
}

function kill(pid, signal) {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended already.
  }
}
