import { execFile } from 'node:child_process'
import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { THIS_RELEASE } from '../../testbed/testbed.ts'

const run = promisify(execFile)

interface Release {
  readonly version: string
  /** The full hash. */
  readonly commit: string
}

/** The last release in docs/releases.json. */
export async function lastRelease(): Promise<Release> {
  const releases = JSON.parse(await readFile(join(THIS_RELEASE, 'docs', 'releases.json'), 'utf8')) as Release[]
  const last = releases.at(-1)
  if (!last) throw new Error('docs/releases.json lists no release.')
  return last
}

/** Checks a release out of the history into a folder, and installs and builds it there as its own scripts do. */
export async function checkOut({ commit }: Release, folder: string): Promise<void> {
  const git = (...parameters: string[]) => run('git', ['-C', THIS_RELEASE, ...parameters])
  await git('worktree', 'add', '--quiet', '--detach', folder, commit)
  await run(process.execPath, [join('scripts', 'run.mjs'), '--version'], { cwd: folder, maxBuffer: 64 * 1024 * 1024 })
}

export async function removeCheckOut(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  await run('git', ['-C', THIS_RELEASE, 'worktree', 'prune'])
}

/** What a process of the product reads relative to its own files; everything else can be shared. */
const COPIED = ['apps/api/src', 'prisma', 'scripts'] as const
const LINKED = ['node_modules', 'packages', 'apps/api/node_modules', 'apps/web', 'apps/m365-simulator'] as const

/** Makes the sources of a next release in a folder: those of this one, with one more migration and a higher version. */
export async function makeNextRelease(folder: string, migration: { name: string; sql: string }): Promise<void> {
  await mkdir(join(folder, 'apps', 'api'), { recursive: true })
  for (const path of COPIED)
    await cp(join(THIS_RELEASE, path), join(folder, path), {
      recursive: true,
      filter: (source) => basename(source) !== 'node_modules' && basename(source) !== 'test-support',
    })
  for (const path of LINKED) await symlink(join(THIS_RELEASE, path), join(folder, path))
  for (const file of ['apps/api/package.json', 'tsconfig.base.json'])
    await cp(join(THIS_RELEASE, file), join(folder, file))
  const manifest = JSON.parse(await readFile(join(THIS_RELEASE, 'package.json'), 'utf8')) as { version: string }
  const [major, minor = 0] = manifest.version.split('.').map(Number)
  await writeFile(join(folder, 'package.json'), JSON.stringify({ ...manifest, version: `${major}.${minor + 1}.0` }))
  const migrations = join(folder, 'prisma', 'migrations')
  if ((await readdir(migrations)).some((name) => name > migration.name))
    throw new Error(`${migration.name} is not the last migration.`)
  await mkdir(join(migrations, migration.name))
  await writeFile(join(migrations, migration.name, 'migration.sql'), migration.sql)
}
