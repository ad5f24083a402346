import { z } from 'zod'
import type { TokenAnswer } from './msal-network.ts'

const ENTRA_ERROR = z.object({ error: z.string(), error_codes: z.array(z.number()).min(1) })

/** Whether Entra itself gave an answer, and nothing on the way to it: Entra marks all of them with a header, and refusals in JSON. */
export function isFromEntra({ headers, body }: Pick<TokenAnswer, 'headers' | 'body'>): boolean {
  return headers.get('x-ms-request-id') !== null || ENTRA_ERROR.safeParse(body).success
}
