// node scripts/run.mjs PROGRAM: runs a program of the project on its own Node, after installing and building what is
// missing.
import { build, install, startNode } from './start/bootstrap.mjs'
import { STOP_SIGNALS } from './start/run-tool.mjs'

await install()
await build()
const [program, ...parameters] = process.argv.slice(2)
const child = startNode(['--disable-warning=ExperimentalWarning', program, ...parameters], { stdio: 'inherit' })
for (const signal of STOP_SIGNALS) process.on(signal, () => child.kill(signal))
child.on('exit', (code) => process.exit(code ?? 1))
