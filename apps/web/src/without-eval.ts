import { config } from 'zod/v4/core'

// Must be imported before any schema is created: zod otherwise tries `new Function`, which violates the page's CSP.
config({ jitless: true })
