import { expect } from 'vitest'
import type { SimulatorOptions } from '../start.ts'
import type { UploadReport } from '../simulation/upload-sessions.ts'
import { mail, type Simulated, simulate } from './simulated.ts'

export const MIB = 1024 * 1024
/** The smallest that takes an upload session. */
export const FILE = Buffer.alloc(3 * MIB, 'simulator ')

export interface Session {
  readonly uploadUrl: string
  readonly expirationDateTime: string
  readonly nextExpectedRanges: readonly string[]
}

export interface Answer {
  readonly status: number
  readonly code: string | null
  readonly json: Record<string, unknown>
  readonly text: string
  readonly headers: Headers
}

/** Somebody with a draft. */
export interface UploadDesk {
  readonly simulated: Simulated
  readonly token: string
  readonly draftId: string
  call(method: string, path: string, body?: unknown): Promise<Answer>
  /** @param item `name`, `attachmentType` and the size of `FILE` unless it says otherwise */
  ask(item?: Record<string, unknown>): Promise<Answer>
  open(item?: Record<string, unknown>): Promise<Session>
  /** Bytes of `FILE`, both ends included, with the headers that belong to them unless others are given. */
  put(session: Session, from: number, to: number, headers?: Record<string, string>): Promise<Answer>
  upload(session: Session, rangeBytes?: number): Promise<void>
  attachments(): Promise<Record<string, unknown>[]>
  reports(): Promise<UploadReport[]>
  set(settings: Record<string, unknown>): Promise<void>
  scenario(effect: Record<string, unknown>): Promise<void>
}

export async function beginUpload(options: Partial<SimulatorOptions> = {}): Promise<UploadDesk> {
  const simulated = await simulate(options)
  const { access_token: token } = await simulated.signIn('ada')
  const call: UploadDesk['call'] = async (method, path, body) => read(await simulated.graph(token, method, path, body))
  const { id: draftId } = (await call('POST', '/me/messages', mail().message)).json as { id: string }
  const attachmentsPath = `/me/messages/${draftId}/attachments`
  const ask: UploadDesk['ask'] = (item = {}) =>
    call('POST', `${attachmentsPath}/createUploadSession`, {
      AttachmentItem: { attachmentType: 'file', name: 'plan.bin', size: FILE.length, ...item },
    })
  const put: UploadDesk['put'] = async ({ uploadUrl }, from, to, headers = {}) =>
    read(
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
    reports: async () =>
      ((await (await simulated.control('GET', '/uploads')).json()) as { items: UploadReport[] }).items,
    async set(settings) {
      expect((await simulated.control('PATCH', '/settings', settings)).status).toBe(200)
    },
    async scenario(effect) {
      expect((await simulated.control('POST', '/scenarios', { effect })).status).toBe(201)
    },
  }
}

export async function read(response: Response): Promise<Answer> {
  const text = await response.text()
  const json = (text.startsWith('{') ? JSON.parse(text) : {}) as Record<string, unknown> & { error?: { code: string } }
  return { status: response.status, code: json.error?.code ?? null, json, text, headers: response.headers }
}
