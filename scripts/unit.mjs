// npm run unit -- NAME: one test file of the modules or of the API, with whatever database it needs. What follows NAME
// goes to vitest, such as: npm run unit -- outcomes -t 'late outcome'
import { runNamedTests } from './test/test-named.mjs'

/** The API does not start without the page, which releases carry too. */
const SERVES_THE_PAGE = /^(apps\/api|scripts\/release)\//

await runNamedTests({
  usage: 'npm run unit -- NAME, where NAME is part of the name of a test file, such as `outcomes`',
  folders: ['apps', 'packages', 'scripts'],
  ending: '.test.ts',
  needs: (files) => (files.some((file) => SERVES_THE_PAGE.test(file)) ? 'product' : 'generated'),
  runner: (files) => ({ command: 'vitest', parameters: ['run', ...files] }),
})
