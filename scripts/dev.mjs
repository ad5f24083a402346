// npm run dev: the page with hot reload, API and simulator under watch, all behind one URL.
import { toolEnvironment } from './start/bootstrap.mjs'
import { runUntilStopped } from './start/run-until-stopped.mjs'

process.env.NODE_COMPILE_CACHE ??= toolEnvironment.NODE_COMPILE_CACHE // halves what a restart spends on loading modules
await runUntilStopped(['--disable-warning=ExperimentalWarning', 'scripts/start/dev.ts'], 'generated')
