// The simulator, under the watch of Node: `npm run dev` starts it anew with each change. Its options hold a client secret, so
// they are not passed as arguments.
import { Options, startSimulator } from '../../apps/m365-simulator/src/start.ts'

const simulator = await startSimulator(Options.parse(JSON.parse(process.env['SIMULATOR_OPTIONS'] ?? '{}')))
for (const event of ['SIGINT', 'SIGTERM', 'disconnect']) process.once(event, () => void stop())
process.send?.('ready')

async function stop(): Promise<void> {
  await simulator.close()
  process.exit()
}
