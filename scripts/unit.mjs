// npm run unit -- NAME: one test file of the modules or of the API, with whatever database it needs. What follows NAME
// goes to vitest, such as: npm run unit -- leases -t 'a lease that ran out'
import { runNamedTests } from './test-named.mjs'

await runNamedTests({
  usage: 'npm run unit -- NAME, where NAME is part of the name of a test file, such as `leases`',
  folders: ['apps', 'packages', 'scripts'],
  ending: '.test.ts',
  runner: (files) => ({ command: 'vitest', parameters: ['run', ...files] }),
})
