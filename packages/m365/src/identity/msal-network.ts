import type { INetworkModule, NetworkRequestOptions, NetworkResponse } from '@azure/msal-node'
import { jsonObject, readJson } from '../json.ts'
import type { AnswerHeaders } from '../answer-headers.ts'
import type { MicrosoftFetch } from '../microsoft-fetch.ts'

/** What the token endpoint answered, before msal-node interprets it. */
export interface TokenAnswer {
  readonly status: number
  readonly text: string
  /** Null when the text is no JSON object. */
  readonly body: Readonly<Record<string, unknown>> | null
  readonly headers: AnswerHeaders
}

export interface RecordingNetwork extends INetworkModule {
  /** The last answer; null when none arrived. */
  readonly answer: TokenAnswer | null
}

/**
 * Carries the requests of one msal-node call and keeps the raw answer, because msal-node hides what matters: an absent
 * `scope`, the status of an interaction-required error, and a 500 with an empty object, which it reports as success
 * with an empty access token.
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
    const text = await response.text()
    const body = readJson(text, jsonObject)
    answer = { status: response.status, text, body, headers: response.headers }
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
