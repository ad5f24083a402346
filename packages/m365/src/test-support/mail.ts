import { startSimulator, type Simulator } from '@inforiver-mail/m365-simulator/start'
import { afterAll, afterEach, beforeAll } from 'vitest'
import type { CallOptions, GraphMailer } from '../mailer/graph-mailer.ts'
import type { OutgoingMessage } from '../mailer/outgoing-message.ts'
import { mailerAt } from './mailer.ts'
import { ADA, control, readControl, registration } from './sign-in.ts'

/** A message from Ada to Max. */
export const message: OutgoingMessage = {
  id: 'msg_00000000000000000000000000000001',
  from: { address: 'ada@contoso.com' },
  to: [{ address: 'max@contoso.com', name: 'Max Member' }],
  cc: [],
  bcc: [],
  replyTo: [],
  subject: 'Größe 📈',
  html: '<p>Hello</p>',
  text: null,
  attachments: [],
  headers: {},
  importance: 'normal',
  saveToSentItems: true,
}

/** A simulated Microsoft 365 for the tests of a file, as it was at first before each of them. */
export function useMicrosoft() {
  let simulator: Simulator
  let mailer: GraphMailer
  beforeAll(async () => {
    simulator = await startSimulator({ port: 0, registration })
    mailer = mailerAt(simulator.graphBaseUrl)
  })
  afterAll(() => simulator.close())
  afterEach(() => control(simulator.url, 'POST', '/reset'))

  /** The access of a person who has consented to the permissions. */
  async function accessOf(oid: string, scopes: readonly string[]): Promise<CallOptions> {
    return (await control(simulator.url, 'POST', `/people/${oid}/tokens`, { scopes })) as CallOptions
  }
  const asAda = () => accessOf(ADA, ['Mail.Send', 'Mail.ReadWrite', 'User.Read'])

  return {
    get url() {
      return simulator.url
    },
    get mailer() {
      return mailer
    },
    accessOf,
    asAda,
    control: (method: Parameters<typeof control>[1], path: string, body?: unknown) =>
      control(simulator.url, method, path, body),
    read: (path: string) => readControl(simulator.url, path),
    /** The messages in a folder of a mailbox. */
    async messagesIn(address: string, folder: 'drafts' | 'inbox' | 'sentItems'): Promise<unknown[]> {
      const path = `/mailboxes/${address}/messages?folder=${folder}`
      return ((await readControl(simulator.url, path)) as { items: unknown[] }).items
    },
    /** Has Ada create a draft of `message`. */
    async draftOf(ada: CallOptions) {
      const created = await mailer.createDraft(message, ada)
      if (created.outcome !== 'created') throw new Error(`It was ${created.outcome}.`)
      return created
    },
  }
}
