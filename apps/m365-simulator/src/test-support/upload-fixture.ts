import { expect } from 'vitest'
import type { SimulatorOptions } from '../start.ts'
import type { UploadReport } from '../simulation/upload-sessions.ts'
import { type Answer, answerOf, mail, type Simulated, simulate } from './simulated.ts'

export const MIB = 1024 * 1024
/** The smallest file that an upload session accepts. */
export const FILE = Buffer.alloc(3 * MIB, 'simulator ')

export interface Session {
  readonly uploadUrl: string
  readonly expirationDateTime: string
  readonly nextExpectedRanges: readonly string[]
}

/** Ada with a draft. */
export interface UploadFixture {
  readonly simulated: Simulated
  readonly token: string
  readonly draftId: string
  call(method: string, path: string, body?: unknown): Promise<Answer>
  /** Requests an upload session. @param item by default a file with the size of `FILE` */
  ask(item?: Record<string, unknown>): Promise<Answer>
  open(item?: Record<string, unknown>): Promise<Session>
  /** Sends bytes of `FILE`, both ends included. @param headers replace those that fit the bytes */
  put(session: Session, from: number, to: number, headers?: Record<string, string>): Promise<Answer>
  upload(session: Session, rangeBytes?: number): Promise<void>
  attachments(): Promise<Record<string, unknown>[]>
  reports(): Promise<UploadReport[]>
}

export async function beginUpload(options: Partial<SimulatorOptions> = {}): Promise<UploadFixture> {
  const simulated = await simulate(options)
  const { access_token: token } = await simulated.signIn('ada')
  const call: UploadFixture['call'] = async (method, path, body) =>
    answerOf(await simulated.graph(token, method, path, body))
  const { id: draftId } = (await call('POST', '/me/messages', mail().message)).json as { id: string }
  const attachmentsPath = `/me/messages/${draftId}/attachments`
  const ask: UploadFixture['ask'] = (item = {}) =>
    call('POST', `${attachmentsPath}/createUploadSession`, {
      AttachmentItem: { attachmentType: 'file', name: 'plan.bin', size: FILE.length, ...item },
    })
  const put: UploadFixture['put'] = async ({ uploadUrl }, from, to, headers = {}) =>
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
    draftId,
    call,
    ask,
    async open(item) {
      const { status, json } = await ask(item)
      expect(status).toBe(201)
      return json as unknown as Session
    },
    put,
    async upload(session, rangeBytes = FILE.length) {
      for (let from = 0; from < FILE.length; from += rangeBytes) {
        const to = Math.min(from + rangeBytes, FILE.length) - 1
        expect((await put(session, from, to)).status).toBe(to + 1 === FILE.length ? 201 : 200)
      }
    },
    attachments: async () => (await call('GET', attachmentsPath)).json['value'] as Record<string, unknown>[],
    reports: async () => (await simulated.read<{ items: UploadReport[] }>('/uploads')).items,
  }
}
