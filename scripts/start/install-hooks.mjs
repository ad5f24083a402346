// Sets up the git hooks of lefthook.yml once the dependencies are installed. An installation without git, and one in
// CI, goes without them and does not fail.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
if (!process.env.CI && existsSync(new URL('../../.git', import.meta.url))) {
  spawnSync('lefthook', ['install'], { cwd: root, stdio: 'ignore', shell: process.platform === 'win32' })
}
