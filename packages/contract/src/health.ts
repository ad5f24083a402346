import { z } from 'zod'

/** What `GET /healthz` answers while the process is alive. */
export const Health = z.strictObject({
  status: z.literal('ok'),
  /** The version of the product. */
  version: z.string(),
})
export type Health = z.infer<typeof Health>
