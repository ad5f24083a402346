import { build, install, startNode, STOP_SIGNALS } from './bootstrap.mjs'
import { NODE_FLAGS } from './node-flags.mjs'
import { watchNpm } from './watch-npm.mjs'

watchNpm(() => process.kill(process.pid, 'SIGTERM'))
await install()
await build()

let product = null
for (const signal of STOP_SIGNALS) process.on(signal, () => product?.kill(signal))
// The channel tells the product when this process is gone, however it went.
product = startNode([...NODE_FLAGS, 'scripts/launch.ts'], { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] })
product.on('exit', (code, signal) => {
  // A signal that comes before the product listens for it ends it all the same, as it was asked to.
  const wasAskedTo = STOP_SIGNALS.includes(signal)
  process.exit(code ?? (wasAskedTo ? 0 : 1))
})
