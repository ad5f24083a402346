import { expect } from 'vitest'
import type { SimulatorOptions } from '../start.ts'
import type { UploadReport } from '../simulation/upload-sessions.ts'
import { type Answer, answerOf, mail, simulate } from './simulated.ts'

export const MIB = 1024 * 1024
/** The smallest file that an upload session accepts. */
export const FILE = Buffer.alloc(3 * MIB, 'simulator ')

export interface Session {
  readonly uploadUrl: string
  readonly expirationDateTime: string
  readonly nextExpectedRanges: readonly string[]
}

export type UploadFixture = Awaited<ReturnType<typeof beginUpload>>

/** Ada with a draft. */
export async function beginUpload(options: Partial<SimulatorOptions> = {}) {
  const simulated = await simulate(options)
  const { access_token: token } = await simulated.signIn('ada')
  const call = async (method: string, path: string, body?: unknown): Promise<Answer> =>
    answerOf(await simulated.graph(token, method, path, body))
  const { id: draftId } = (await call('POST', '/me/messages', mail().message)).json as { id: string }
  const attachmentsPath = `/me/messages/${draftId}/attachments`
  /** Requests an upload session. @param item by default a file with the size of `FILE` */
  const ask = (item: Record<string, unknown> = {}): Promise<Answer> =>
    call('POST', `${attachmentsPath}/createUploadSession`, {
      AttachmentItem: { attachmentType: 'file', name: 'plan.bin', size: FILE.length, ...item },
    })
  /** Sends bytes of `FILE`, both ends included. @param headers replace those that fit the bytes */
  const put = async (
    { uploadUrl }: Session,
    from: number,
    to: number,
    headers: Record<string, string> = {},
  ): Promise<Answer> =>
    answerOf(
      await fetch(uploadUrl, {
        method: 'PUT',
        headers: {
          'content-type': 'application/octet-stream',
          'content-range': `bytes ${from}-${to}/${FILE.length}`,
          ...headers,
        },
        body: FILE.subarray(from, to + 1),
      }),
    )
  return {
    simulated,
    token,
    ask,
    async open(): Promise<Session> {
      const { status, json } = await ask()
      expect(status).toBe(201)
      return json as unknown as Session
    },
    put,
    attachments: async () => (await call('GET', attachmentsPath)).json['value'] as Record<string, unknown>[],
    reports: async () => (await simulated.read<{ items: UploadReport[] }>('/uploads')).items,
  }
}
