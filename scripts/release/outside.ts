// npm run outside [-- TOOL…]: checks what only tools from outside of npm can check, with those that this machine has. It
// names the others and how Debian installs them, and exits with 1 when a check failed, or with 2 when one could not be made.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { execFile } from 'node:child_process'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { checkCompose, checkKubernetes, runCompose } from './outside/containers.ts'
import { blocksOf } from './outside/document-blocks.ts'
import { sendThroughPgBouncer } from './outside/pgbouncer.ts'
import { openTestbed } from '../testbed/testbed.ts'
import { sendByCurl, sendsAt } from './outside/smtp-door.ts'
import { SMTP_PROGRAMS, writeProgram } from './outside/smtp-programs.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')
const deploy = join(root, 'deploy')
const directory = mkdtempSync(join(tmpdir(), 'inforiver-mail-outside-'))
/** The unit may be exposed less than 2.0; the option counts in tenths. */
const MAX_EXPOSURE = '20'

interface Check {
  readonly name: string
  readonly tool: string
  /** What brings the tool: packages of Debian, or `npm` and one of npm. */
  readonly debian: string
  /** Throws what is wrong, or returns figures. */
  readonly make: () => Promise<unknown>
}

const CHECKS: readonly Check[] = [
  {
    name: 'deploy/install.sh is sound',
    tool: 'shellcheck',
    debian: 'shellcheck',
    make: () => run('shellcheck', [join(deploy, 'install.sh')]),
  },
  {
    name: 'the unit is valid, and exposed less than 2.0',
    tool: 'systemd-analyze',
    debian: 'systemd',
    async make() {
      const machine = await installedMachine()
      const unit = join(machine, 'etc/systemd/system/inforiver-mail.service')
      // It looks for the program under the path that it has on a real machine.
      writeFileSync(unit, readFileSync(unit, 'utf8').replace('ExecStart=/', `ExecStart=${machine}/`))
      await run('systemd-analyze', ['verify', '--man=no', unit])
      await run('systemd-analyze', ['security', '--offline=true', `--threshold=${MAX_EXPOSURE}`, '--no-pager', unit])
    },
  },
  {
    name: 'the alerts are valid, and are raised when they should be',
    tool: 'promtool',
    debian: 'promtool',
    async make() {
      const rules = join(deploy, 'prometheus/inforiver-mail.rules.yml')
      await run('promtool', ['check', 'rules', '--lint=all', '--lint-fatal', rules])
      await run('promtool', ['test', 'rules', join(import.meta.dirname, 'outside/inforiver-mail.rules.test.yml')])
      const config = fileOf('docs/operations.md', 'yaml', 'prometheus.yml')
      await run('promtool', ['check', 'config', '--syntax-only', config])
    },
  },
  {
    name: 'Caddyfile is valid',
    tool: 'caddy',
    debian: 'caddy',
    async make() {
      const file = join(directory, 'Caddyfile')
      const { certificate, key } = await selfSigned()
      const text = readFileSync(join(deploy, 'container/Caddyfile'), 'utf8')
      writeFileSync(
        file,
        text
          .replace('/run/secrets/certificate-key', key)
          .replace('/run/secrets/certificate', certificate)
          .replaceAll('{$MAIL_HOST}', 'mail.contoso.com'),
      )
      await run('caddy', ['validate', '--adapter', 'caddyfile', '--config', file])
    },
  },
  {
    name: 'the nginx of docs/network.md is valid',
    tool: 'nginx',
    debian: 'nginx-light',
    async make() {
      const { certificate, key } = await selfSigned()
      const file = fileOf('docs/network.md', 'nginx', 'nginx.conf')
      const server = readFileSync(file, 'utf8')
        .replace('/etc/ssl/mail.contoso.com.pem', certificate)
        .replace('/etc/ssl/mail.contoso.com.key', key)
      writeFileSync(file, `pid ${directory}/nginx.pid;\nevents {}\nhttp {\naccess_log off;\n${server}\n}\n`)
      await run('nginx', ['-t', '-q', '-e', 'stderr', '-c', file], { cwd: directory })
    },
  },
  {
    name: 'Redocly finds no error in /openapi.json',
    tool: 'redocly',
    debian: 'npm @redocly/cli',
    async make() {
      const file = join(directory, 'openapi.json')
      await using testbed = await openTestbed()
      const { url } = await testbed.start('api')
      writeFileSync(file, await (await fetch(`${url}/openapi.json`)).text())
      await run('redocly', ['lint', '--extends=recommended', file])
    },
  },
  {
    name: 'Kubernetes: the product can use what example and components say',
    tool: 'kubectl',
    debian: 'kubernetes-client',
    make: () => checkKubernetes(directory),
  },
  {
    name: 'Compose: the product can use what each variant says',
    tool: 'docker-compose',
    debian: 'docker-compose',
    make: () => checkCompose(directory),
  },
  {
    name: 'the commands of docs/containers.md for Compose do what they should',
    tool: 'docker',
    debian: 'docker.io',
    make: async () => runCompose(directory, await selfSigned()),
  },
  {
    name: 'the product sends through PgBouncer with its defaults',
    tool: 'pgbouncer',
    debian: 'pgbouncer',
    make: sendThroughPgBouncer,
  },
  {
    name: 'what curl sends by SMTP arrives whole, and once',
    tool: 'curl',
    debian: 'curl',
    make: async () => sendByCurl({ folder: directory, certificate: await selfSigned() }),
  },
  ...SMTP_PROGRAMS.map(({ tool, debian, language, runs, settings = {} }) => ({
    name: `the ${language} of docs/smtp.md sends`,
    tool,
    debian,
    async make() {
      const certificate = await selfSigned()
      const paths = { folder: directory, certificate: certificate.certificate }
      const text = textOf('docs/smtp.md', language)
      const place = { folder: directory, certificate, settings }
      await sendsAt(place, (door) => runs(writeProgram(language, text, door, directory), paths), 'Q3')
    },
  })),
]

const only = process.argv.slice(2)
let failed = 0
const missing = new Set<string>()
try {
  for (const { name, tool, debian, make } of CHECKS) {
    if (only.length > 0 && !only.includes(tool)) continue
    if (!isInstalled(tool)) {
      missing.add(debian)
      console.log(`- ${name}: not checked, since there is no ${tool}`)
      continue
    }
    try {
      const figures = await make()
      console.log(`✓ ${name}${typeof figures === 'string' ? `: ${figures}` : ''}`)
    } catch (error) {
      failed++
      const { stdout = '', stderr = '', message } = error as Error & { stdout?: string; stderr?: string }
      console.error(`✗ ${name}: ${`${stdout}${stderr}`.trim() || message}`)
    }
  }
} finally {
  rmSync(directory, { recursive: true })
}
const [ofNpm = [], ofDebian = []] = [true, false].map((isNpm) =>
  [...missing].filter((each) => each.startsWith('npm ') === isNpm).map((each) => each.replace('npm ', '')),
)
if (ofDebian.length > 0) console.log(`\nThe missing tools on Debian: apt-get install ${ofDebian.join(' ')}`)
if (ofNpm.length > 0) console.log(`\nThe missing tools of npm: npm install --global ${ofNpm.join(' ')}`)
process.exit(failed > 0 ? 1 : missing.size > 0 ? 2 : 0)

function isInstalled(tool: string): boolean {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return folders.some((folder) => existsSync(join(folder, tool)))
}

/** Writes the block of a document that is in a language into a file. */
function fileOf(document: string, language: string, name: string): string {
  const file = join(directory, name)
  writeFileSync(file, textOf(document, language))
  return file
}

function textOf(document: string, language: string): string {
  const block = blocksOf(readFileSync(join(root, document), 'utf8')).find((each) => each.language === language)
  if (block === undefined) throw new Error(`${document} has no block in the language ${language}.`)
  return block.text
}

/** A folder that `install.sh` has installed a release into. The program is a stand-in: only its path matters. */
async function installedMachine(): Promise<string> {
  const release = join(directory, 'release')
  const machine = join(directory, 'machine')
  mkdirSync(join(release, 'bin'), { recursive: true })
  writeFileSync(join(release, 'bin/inforiver-mail'), '#!/bin/sh\necho 0.0.0\n', { mode: 0o755 })
  cpSync(deploy, join(release, 'deploy'), { recursive: true })
  await run(join(release, 'deploy/install.sh'), [], { env: { PATH: process.env['PATH'], DESTDIR: machine } })
  return machine
}

async function selfSigned(): Promise<{ certificate: string; key: string }> {
  const [certificate, key] = [join(directory, 'certificate.pem'), join(directory, 'key.pem')]
  const parameters = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=mail.contoso.com']
  const names = ['-addext', 'subjectAltName=DNS:mail.contoso.com,DNS:localhost']
  await run('openssl', [...parameters, ...names, '-keyout', key, '-out', certificate])
  return { certificate, key }
}
