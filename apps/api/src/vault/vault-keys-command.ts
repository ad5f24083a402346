import { execFile, type ExecFileException } from 'node:child_process'
import { ConfigurationError, environmentOfPrograms } from '../configuration/config.ts'

const WITHIN_MS = 10_000
const MAX_OUTPUT_BYTES = 64 * 1024
const MAX_QUOTE_CHARACTERS = 300
/** A long word, unless it is made of small letters alone, as paths and names are. */
const SECRET = /(?=[a-z/_-]*[^\Wa-z_]|[a-z/_-]*[+=])[\w+/=-]{16,}/g

/**
 * Runs VAULT_KEYS_COMMAND, without a shell, input or secrets of the product, and returns what it printed: what VAULT_KEYS
 * would hold.
 *
 * @throws {ConfigurationError} naming the program and what it said, never its parameters, which may hold a secret
 */
export async function runVaultKeysCommand(
  [program = '', ...parameters]: readonly string[],
  withinMs = WITHIN_MS,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      parameters,
      {
        env: environmentOfPrograms(),
        timeout: withinMs,
        killSignal: 'SIGKILL',
        maxBuffer: MAX_OUTPUT_BYTES,
        windowsHide: true,
      },
      (error, stdout, stderr) => {
        if (error === null) return resolve(stdout.trim())
        const reason = reasonOf(error, withinMs)
        reject(new ConfigurationError(`VAULT_KEYS_COMMAND: ${program} ${reason}.${quote(stderr, stdout)}`))
      },
    )
    child.stdin?.on('error', () => {}) // the program ended without reading
    child.stdin?.end()
  })
}

function reasonOf({ code, killed, signal }: ExecFileException, withinMs: number): string {
  if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return `printed more than ${MAX_OUTPUT_BYTES} bytes`
  if (killed) return `did not end within ${withinMs / 1_000} s`
  if (typeof code === 'string') return `cannot be run (${code})`
  return code == null ? `was ended by ${signal ?? 'a signal'}` : `ended with exit status ${code}`
}

/** What the program said about its failure, without what it printed and without whatever may be a key or a token. */
function quote(stderr: string, stdout: string): string {
  const printed = stdout.split(/[\s,:]+/).filter((part) => part.length > 3)
  const text = printed
    .reduce((said, part) => said.replaceAll(part, '…'), stderr)
    .replaceAll(SECRET, '…')
    // oxlint-disable-next-line no-control-regex -- a terminal would obey them
    .replaceAll(/[\s\u0000-\u001F\u007F]+/g, ' ')
    .trim()
  if (text === '') return ''
  const start = text.slice(0, MAX_QUOTE_CHARACTERS)
  return ` It said: ${start}${start === text ? '' : ' …'}`
}
