import type { INetworkModule, NetworkRequestOptions, NetworkResponse } from '@azure/msal-node'
import type { MicrosoftFetch } from '../microsoft-fetch.ts'

/** What the token endpoint answered, before msal-node makes anything of it. */
export interface TokenAnswer {
  readonly status: number
  /** Parsed JSON; null when the body was none. */
  readonly body: Readonly<Record<string, unknown>> | null
  readonly headers: Headers
}

export interface RecordingNetwork extends INetworkModule {
  /** The last answer; null when none arrived. */
  readonly answer: TokenAnswer | null
}

/**
 * msal-node's way to the network, for one call. It keeps the raw answer, because msal-node hides what matters:
 * an absent `scope`, the status of an interaction-required error, and a 500 with an empty object, which it
 * reports as success with an empty access token.
 */
export function createRecordingNetwork(fetch: MicrosoftFetch, signal: AbortSignal | undefined): RecordingNetwork {
  let answer: TokenAnswer | null = null

  async function request<T>(method: string, url: string, options?: NetworkRequestOptions): Promise<NetworkResponse<T>> {
    answer = null
    const response = await fetch(url, {
      method,
      ...(options?.headers && { headers: options.headers }),
      ...(options?.body !== undefined && { body: options.body }),
      ...(signal && { signal }),
    })
    const body = parseObject(await response.text())
    answer = { status: response.status, body, headers: response.headers }
    return { headers: Object.fromEntries(response.headers), body: (body ?? {}) as T, status: response.status }
  }

  return {
    get answer() {
      return answer
    },
    sendGetRequestAsync: (url, options) => request('GET', url, options),
    sendPostRequestAsync: (url, options) => request('POST', url, options),
  }
}

function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>)
      : null
  } catch {
    return null
  }
}
