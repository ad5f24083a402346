import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  copyFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { billOfMaterials } from './bill-of-materials.ts'
import { isAllowed, licenceFile, listComponents, type Component } from './components.ts'
import { layOut, listFiles, writeContents } from './lay-out.ts'

const root = join(import.meta.dirname, '../..')
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
/** Releases are made on Linux. */
const isLinux = process.platform === 'linux'
let directory: string
let release: string
let working: string
let bundled: readonly string[]

// It copies 200 MB, which takes a while on a busy disk.
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'inforiver-mail release-'))
  release = join(directory, 'program folder')
  working = join(directory, 'working folder')
  mkdirSync(working)
  bundled = (await layOut(root, release)).bundled
  await writeContents(release)
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** Its environment has nothing in it but a PATH, not even HOME, and where Node keeps what it has compiled. */
const environmentOf = (own: Record<string, string>) => ({
  PATH: '/usr/bin:/bin',
  NODE_COMPILE_CACHE: join(directory, 'compiled'),
  ...own,
})

function run(parameters: readonly string[], environment: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(join(release, 'bin/inforiver-mail'), parameters, {
    cwd: working,
    env: environmentOf(environment),
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

describe.runIf(isLinux)('the command of a release', () => {
  it('tells its version', () => {
    expect(run(['version'])).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' })
  })

  it('answers what it does not understand with the list of commands and 64', () => {
    const { status, stderr } = run(['stop'])
    expect(status).toBe(64)
    expect(stderr).toContain('There is no command stop.')
    expect(stderr).toContain('inforiver-mail migrate')
  })

  it('ends with 78 and names the variables when there is no app registration', () => {
    const { status, stderr } = run([])
    expect(status).toBe(78)
    expect(stderr).toMatch(/AZURE_TENANT_ID.*AZURE_CLIENT_ID.*AZURE_CLIENT_SECRET.*--demo/)
  })
})

describe.runIf(isLinux)('the folder of a release', () => {
  it('is installed, and put into an image, whole and by the names of its parts', () => {
    const parts = [...readdirSync(release), 'licenses'].toSorted() // the archive has the licences besides
    const script = readFileSync(join(release, 'deploy/install.sh'), 'utf8')
    const [, named = ''] = /^parts='([^']*)'$/m.exec(script) ?? []
    // It names each file of deploy, where an operator may keep others.
    const installed = new Set(named.split(/\s+/).map((path) => path.replace(/^deploy\/.*/, 'deploy')))
    expect([...installed].toSorted()).toEqual(parts)
    const containerfile = readFileSync(join(release, 'deploy/container/Containerfile'), 'utf8')
    const copies = [...containerfile.matchAll(/^COPY (.*)$/gm)].map(([, copy = '']) => copy)
    // Of the examples, in which secrets may have been filled in, the image has the one file that it uses.
    const inImage = parts.map((part) => (part === 'deploy' ? 'deploy/container/health-check.mjs' : part))
    expect(copies.toSorted()).toEqual(inImage.map((part) => `--chown=root:root ${part} /opt/inforiver-mail/${part}`))
  })

  it('has no link that leads out of it', async () => {
    const files = await listFiles(release)
    const links = files.filter((path) => lstatSync(join(release, path)).isSymbolicLink())
    expect(links.length).toBeGreaterThan(0)
    expect(links.filter((path) => !/^[\w.]+$/.test(readlinkSync(join(release, path))))).toEqual([])
    expect(links.filter((path) => !existsSync(join(release, path)))).toEqual([])
  })

  it('has no development tool, and no sources, tests or source maps of ours', async () => {
    const files = await listFiles(release)
    expect(files.filter((path) => /\.(tsx?|map)$|\.test\.|vitest|playwright|turbo|typescript/.test(path))).toEqual([])
  })

  it('runs with the glibc of Debian 12', async () => {
    const programs = (await listFiles(release)).filter((path) => /\.so|\/(node|postgres|initdb|pg_ctl)$/.test(path))
    const newest = Math.max(...programs.map((path) => newestGlibcOf(readFileSync(join(release, path)))))
    expect(newest).toBeGreaterThan(0)
    expect(newest).toBeLessThanOrEqual(36)
  })

  it('unpacks to 230 MB at most', async () => {
    const sizes = (await listFiles(release)).map((path) => lstatSync(join(release, path)).size)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(230e6)
  })
})

describe.runIf(isLinux)('the bill of materials of a release', () => {
  let components: Component[]
  let bundle: string

  beforeAll(async () => {
    components = await listComponents(root, bundled)
    const program = join(release, 'program')
    bundle = readdirSync(program)
      .filter((file) => file.endsWith('.js'))
      .map((file) => readFileSync(join(program, file), 'utf8'))
      .join('\n')
  })

  it('names every package in the bundle and in the page, and what lies beside them, and nothing else', () => {
    const page: { name: string; version: string }[] = JSON.parse(
      readFileSync(join(root, 'apps/web/dist/.vite/licenses.json'), 'utf8'),
    )
    const beside = /^pkg:(generic\/|npm\/%40embedded-postgres\/)/
    const listed: { components: { purl: string }[] } = JSON.parse(billOfMaterials('1.0.0', components))
    const inBundleOrPage = new Set([
      ...bundled.map(urlOfPackage).filter((url) => url !== null),
      ...page.map(({ name, version: ofPage }) => npmUrl(name, ofPage)),
    ])
    expect(
      listed.components
        .map(({ purl }) => purl)
        .filter((purl) => !beside.test(purl))
        .toSorted(),
    ).toEqual([...inBundleOrPage].toSorted())
    expect(listed.components.filter(({ purl }) => beside.test(purl))).toHaveLength(8)
  })

  it('names every package that a comment in the bundle names as the source of a module', () => {
    const named = [...bundle.matchAll(/^\/\/ (node_modules\/\.pnpm\/\S+\.[cm]?js)$/gm)].map(([, path = '']) => path)
    const purls = new Set(components.map(({ purl }) => purl))
    expect(named.length).toBeGreaterThan(500)
    expect(named.map(urlOfPackage).filter((url) => url === null || !purls.has(url))).toEqual([])
  })

  it('has a licence that allows it and a text of its own for each component', () => {
    const files = components.map(licenceFile)
    expect(new Set(files.map(({ name }) => name)).size).toBe(components.length)
    expect(components.filter(({ licence, text }) => !isAllowed(licence) || text.length < 200)).toEqual([])
  })

  it('has no path of the machine that made it, as the bundle has none', () => {
    expect(bundle).not.toContain(root)
    expect(billOfMaterials('1.0.0', components)).not.toContain(root)
  })
})

describe.runIf(isLinux)('the demo of a release', () => {
  it('serves the page, the documentation and the simulator, and keeps its data', async () => {
    const port = await freePorts()
    for (let start = 1; start <= 2; start++) {
      const product = spawn(join(release, 'bin/inforiver-mail'), ['--demo'], {
        cwd: working,
        env: environmentOf({ PORT: String(port) }),
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      try {
        await announced(product)
        const paths = [
          '/readyz',
          '/',
          '/plain-page.css',
          '/openapi.json',
          '/docs',
          '/docs/docs-page.css',
          '/docs/runbook',
        ]
        const answers = [
          ...(await Promise.all(paths.map((path) => get(port, path)))),
          ...(await Promise.all(['/', '/assets/simulator.css'].map((path) => get(port + 1, path)))),
        ]
        expect(answers.filter(({ status }) => status !== 200).map(({ url }) => url)).toEqual([])
        product.kill('SIGHUP')
        await said(product, 'certificate and keys read again')
      } finally {
        product.kill()
        if (product.exitCode === null) await once(product, 'exit')
      }
      expect(product.exitCode).toBe(0)
    }
    expect(run(['vault', 'status', '--demo'])).toMatchObject({ status: 0, stderr: '' })
  })
})

describe.runIf(isLinux)('a folder that was unpacked half', () => {
  it('says so, and what to do', async () => {
    const half = join(directory, 'half')
    for (const path of ['bin', 'runtime', 'program']) mkdirSync(join(half, path), { recursive: true })
    copyFileSync(join(release, 'program/main.mjs'), join(half, 'program/main.mjs'))
    cpSync(join(release, 'bin'), join(half, 'bin'), { recursive: true })
    copyFileSync(join(release, 'runtime/node'), join(half, 'runtime/node'))
    writeFileSync(join(half, 'program/command.js'), 'console.log("whole")')
    const start = () => spawnSync(join(half, 'bin/inforiver-mail'), { encoding: 'utf8' })
    expect(start()).toMatchObject({ status: 70, stderr: expect.stringContaining('program/contents.json is missing') })

    await writeContents(half)
    expect(start()).toMatchObject({ status: 0, stdout: 'whole\n' })

    truncateSync(join(half, 'program/command.js'), 5)
    expect(start()).toMatchObject({
      status: 70,
      stderr: expect.stringMatching(/is incomplete: program\/command.js is .*Unpack the archive again/),
    })

    truncateSync(join(half, 'runtime/node'), 1_000)
    expect(start()).toMatchObject({ status: 70, stderr: expect.stringContaining('Unpack the archive again') })
  })
})

/** The x of the newest GLIBC_2.x whose symbols a program asks for. */
function newestGlibcOf(program: Buffer): number {
  const name = 'GLIBC_2.'
  let newest = 0
  for (let at = program.indexOf(name); at >= 0; at = program.indexOf(name, at + 1)) {
    const minor = Number.parseInt(program.toString('latin1', at + name.length, at + name.length + 3), 10)
    if (minor > newest) newest = minor
  }
  return newest
}

/** Looks for the manifest above a file; null for our own. */
function urlOfPackage(path: string): string | null {
  if (!path.includes('node_modules')) return null
  for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) {
    if (!existsSync(join(root, folder, 'package.json'))) continue
    const { name, version } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
    if (name && version) return npmUrl(name, version)
  }
  throw new Error(`${path} belongs to no package.`)
}

function npmUrl(name: string, version: string): string {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`
}

function get(port: number, path: string): Promise<Response> {
  return fetch(`http://localhost:${port}${path}`, { headers: { accept: 'text/html' } })
}

/** Resolves when the product has said where to go, and rejects when it ends before. */
function announced(product: ChildProcess): Promise<void> {
  return said(product, 'Inforiver Mail is running')
}

/** Resolves when the product has said this from now on, and rejects when it ends before. */
function said(product: ChildProcess, expected: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = ''
    product.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text
      if (output.includes(expected)) resolve()
    })
    product.once('exit', (status) => reject(new Error(`It ended with ${status}:\n${output}`)))
  })
}

/** Two ports in a row that nothing listens on. */
async function freePorts(): Promise<number> {
  for (;;) {
    const port = await listenAndClose(0)
    if ((await listenAndClose(port + 1).catch(() => null)) !== null) return port
  }
}

async function listenAndClose(port: number): Promise<number> {
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : port
}
