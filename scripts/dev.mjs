// npm run dev: the page with hot reload, API and simulator under watch, all behind one URL.
import { runUntilStopped } from './run-until-stopped.mjs'

await runUntilStopped(['--disable-warning=ExperimentalWarning', 'scripts/dev.ts'])
