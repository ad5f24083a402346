import { build, install, startNode } from './bootstrap.mjs'
import { NODE_FLAGS } from './node-flags.mjs'

install()
build()

// The channel tells the product when this process is gone, however it went.
const product = startNode([...NODE_FLAGS, 'scripts/launch.ts'], {
  stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => product.kill(signal))
product.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)))

// npm killed outright cannot pass a signal on: the start ends with it.
const parent = process.ppid
if (process.env.npm_lifecycle_event) {
  setInterval(() => {
    if (process.ppid !== parent) product.kill('SIGTERM')
  }, 1_000).unref()
}
