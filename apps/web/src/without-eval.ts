import { config } from 'zod/v4/core'

// Imported before any schema is made: zod would otherwise try `new Function`, which the page's policy reports as a violation.
config({ jitless: true })
