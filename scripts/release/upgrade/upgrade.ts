// npm run upgrade: builds the last release of docs/releases.json from the history, lets it work, and upgrades to this
// one: killed and started, and from 2.0.0 on also process by process. Fails when a message is lost or doubled.
// --sources FOLDER takes a release that is checked out and built already.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { compareVersions } from '../../../apps/api/src/database/release-order.ts'
import { exitOnSignals } from '../../start/exit-on-signals.ts'
import { THIS_RELEASE } from '../../testbed/testbed.ts'
import { rollBetween } from '../../chaos/rolling.ts'
import { checkOut, lastRelease, removeCheckOut } from './sources.ts'
import { stopAndStart } from './stop-and-start.ts'

const FIRST_ROLLING = '2.0.0'

exitOnSignals() // the processes of both releases, and their database, stop when this one exits
const { values } = parseArgs({ options: { sources: { type: 'string' } } })
const release = await lastRelease()
const { version } = release
if (values.sources !== undefined) process.exit((await upgradeFrom(values.sources)) ? 0 : 1)

const folder = await mkdtemp(join(tmpdir(), `inforiver-mail-${version}-`))
const sources = join(folder, 'sources')
try {
  console.log(`Building version ${version} (${release.commit.slice(0, 7)}) …`)
  await checkOut(release, sources)
  process.exitCode = (await upgradeFrom(sources)) ? 0 : 1
} finally {
  await removeCheckOut(sources)
  await rm(folder, { recursive: true, force: true })
}

async function upgradeFrom(older: string): Promise<boolean> {
  const stopped = await stopAndStart(version, older)
  if (compareVersions(version, FIRST_ROLLING) < 0) return stopped
  return (await rollBetween(`${version} and this release`, { older, newer: THIS_RELEASE })) && stopped
}
