import type { MicrosoftResponse } from './microsoft-fetch.ts'

const MAX_ANSWER_BYTES = 1024 * 1024

/**
 * Reads a body as text; empty when there is none, when it breaks off, or when it is longer than `maxBytes`. With `cuts`
 * the beginning of a longer one is returned, and the rest is not read.
 */
export async function boundedText(
  response: MicrosoftResponse,
  maxBytes = MAX_ANSWER_BYTES,
  cuts = false,
): Promise<string> {
  if (response.body === null) return ''
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  try {
    for await (const chunk of response.body) {
      sizeBytes += chunk.length
      if (sizeBytes > maxBytes && !cuts) return ''
      chunks.push(chunk)
      if (sizeBytes > maxBytes) break
    }
  } catch {
    return ''
  }
  return Buffer.concat(chunks).subarray(0, maxBytes).toString('utf8')
}
