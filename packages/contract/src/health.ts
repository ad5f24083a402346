import { z } from 'zod'

/** What `GET /healthz` answers while the process is alive. */
export const Health = z.strictObject({
  status: z.literal('ok').meta({ description: 'Always ok.', examples: ['ok'] }),
  version: z.string().meta({ description: 'The version of the product.', examples: ['2.0.0'] }),
})
export type Health = z.infer<typeof Health>
