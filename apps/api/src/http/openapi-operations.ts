/** The groups of operations, in the order of the documentation. An operation belongs to the first whose path begins its own. */
export const TAGS = [
  {
    name: 'Messages',
    description: 'Submitting messages, and following what becomes of them. For services, by their key.',
    paths: ['messages', 'messages.csv'],
  },
  {
    name: 'Events',
    description: 'What became of each message, as a feed that misses nothing.',
    paths: ['message-events'],
  },
  {
    name: 'Settings',
    description: 'The connected mailbox: consents, limits, who may be written to, and the check of the set-up.',
    paths: ['tenant-settings', 'consents', 'overview'],
  },
  {
    name: 'Service keys',
    description: 'What other Inforiver services authenticate with.',
    paths: ['service-keys'],
  },
  {
    name: 'Webhooks',
    description: 'Who is told when something stops the mail, and the notices that the page shows about it.',
    paths: ['webhooks', 'notices'],
  },
  { name: 'Audit', description: 'Who did what and when.', paths: ['audit-events', 'audit-events.csv'] },
  { name: 'Session', description: 'Who is signed in on the page.', paths: ['session', 'sessions'] },
] as const

export type Tag = (typeof TAGS)[number]['name']

/** @param path of an operation, such as `/api/v1/messages/:id` */
export function tagOf(path: string): Tag | undefined {
  const resource = path.split('/')[3]
  return TAGS.find(({ paths }) => (paths as readonly (string | undefined)[]).includes(resource))?.name
}

export interface OperationText {
  /** What a client has to know beyond the summary: when to use it, what it changes, what it waits for. */
  readonly description: string
  /** A body that the operation takes. */
  readonly request?: unknown
  /** The body of the answer to it. */
  readonly response?: unknown
  /** The body of its other success. */
  readonly other?: unknown
}

const MESSAGE_ID = 'msg_0f3c9a52b7e84d16a1c2d3e4f5061728'
const CONSENT_ID = 'con_4b1d2c3e5f60718293a4b5c6d7e8f901'
const KEY_ID = 'key_9e8d7c6b5a4938271605f4e3d2c1b0a9'
const WEBHOOK_ID = 'whk_1a2b3c4d5e6f708192a3b4c5d6e7f809'
const EVENT_ID = 'evt_000641a5c3b2e0000f3c9a52b7e84d16'
const ALERT_ID = 'alt_6f5e4d3c2b1a09f8e7d6c5b4a3928170'
const SESSION_ID = 'ses_0a1b2c3d4e5f60718293a4b5c6d7e8f9'

const QUEUED = {
  id: MESSAGE_ID,
  status: 'queued',
  service: 'reports',
  from: 'reports@contoso.com',
  to: [{ address: 'cfo@contoso.com', name: 'Clara Fuchs' }],
  cc: [],
  bcc: [],
  subject: 'Q3 results',
  reference: 'report-4711',
  createdAt: '2026-11-24T10:00:00.000Z',
  sendAt: null,
  priority: 'normal',
  expiresAt: null,
  requestReadReceipt: false,
  requestDeliveryReceipt: false,
  attachments: [{ filename: 'q3.pdf', contentType: 'application/pdf', sizeBytes: 48213, inline: false }],
  nextAttemptAt: '2026-11-24T10:00:00.000Z',
  waitingBecause: null,
  sentAt: null,
  attempts: [],
  heldBecause: null,
  possibleDuplicate: false,
  progress: null,
  problem: null,
  recipients: [
    {
      address: 'cfo@contoso.com',
      kind: 'to',
      delivery: 'unknown',
      code: null,
      explanation: null,
      detail: null,
      at: null,
      source: null,
      certain: true,
      note: null,
    },
  ],
}
const SENT = {
  ...QUEUED,
  status: 'sent',
  nextAttemptAt: null,
  sentAt: '2026-11-24T10:00:01.250Z',
  attempts: [
    {
      at: '2026-11-24T10:00:01.250Z',
      firstAt: '2026-11-24T10:00:01.250Z',
      count: 1,
      outcome: 'sent',
      code: null,
      values: { detail: ['accepted'] },
      detail: 'Microsoft accepted the message.',
    },
  ],
}
const { recipients: _, ...SENT_IN_LIST } = { ...SENT, delivery: { unknown: 1 } }

const SETTINGS = {
  status: 'connected',
  version: 7,
  fromEmail: 'reports@contoso.com',
  mailbox: 'delegated',
  connectedAs: { name: 'Ada Admin', email: 'ada@contoso.com' },
  connectedAt: '2026-11-24T09:00:00.000Z',
  grantedPermissions: ['Mail.Send', 'Mail.Send.Shared', 'User.Read'],
  singleSenderIdentity: { enabled: true, locked: true },
  largeAttachments: { enabled: false, locked: false },
  deliveryReports: {
    bounces: { enabled: false, available: false, problem: null },
    trace: { enabled: false, problem: null },
  },
  waitingMessages: 3,
  problem: null,
  pendingConsent: null,
}
const CONSENT = {
  id: CONSENT_ID,
  purpose: 'configure',
  status: 'pending',
  consentUrl:
    'https://login.microsoftonline.com/8f2d6c1b-0a4e-4d57-b3c9-1e5f7a2b9d40/oauth2/v2.0/authorize?client_id=3c9e1f72-6b5a-4e08-9d24-7f1a0b8c6e53',
  expiresAt: '2026-11-24T09:10:00.000Z',
  problem: null,
  account: null,
  requestsOnTheWire: null,
}
const POLICY = { allowedDomains: ['contoso.com', '*.contoso.com'], redirectAllTo: null }
const LIMITS_ENTERED = { licences: 250, internalDomains: ['contoso.com'] }
const USAGE = {
  messagesPerMinute: { limit: 30, left: 12 },
  recipientsPerDay: { limit: 10000, left: 9120 },
  uploadBytesPer5Minutes: { limit: 157286400, left: 157286400 },
  concurrentRequests: { limit: 4, left: 4 },
  pausedUntil: null,
  waitingMessages: 3,
  estimatedLastSentAt: '2026-11-24T10:01:00.000Z',
}
const KEY = {
  id: KEY_ID,
  name: 'reports',
  scopes: ['messages:send', 'messages:read'],
  createdAt: '2026-11-24T09:30:00.000Z',
  lastUsedAt: null,
  expiresAt: '2027-11-24T00:00:00.000Z',
  allowedDomains: ['contoso.com'],
  allowedAddresses: ['10.0.0.0/8'],
}
const WEBHOOK_ATTEMPT = { at: '2026-11-24T10:05:00.000Z', type: 'webhook.test', outcome: 'delivered', status: 200 }
const WEBHOOK = {
  id: WEBHOOK_ID,
  url: 'https://hooks.contoso.com/inforiver-mail',
  types: ['queue.stalled', 'message.failed'],
  services: ['reports'],
  createdAt: '2026-11-24T09:45:00.000Z',
  waiting: 0,
  lastAttempt: WEBHOOK_ATTEMPT,
}

/**
 * The description and the example of every operation, by its name. They are apart from the contract because the page,
 * which imports that, needs none of them. `openapi.test.ts` names an operation that is missing here, and checks each
 * example against the schemas.
 */
export const OPERATIONS: Readonly<Record<string, OperationText>> = {
  submitMessage: {
    description:
      'The answer comes once the message is on disk; it is then delivered once, whatever happens to the process, the database or Microsoft in between. Send an Idempotency-Key, so that a request whose answer was lost can be repeated. Large attachments come as parts of multipart/form-data and are not limited by the 6 MiB of a JSON body.',
    request: {
      to: [{ address: 'cfo@contoso.com', name: 'Clara Fuchs' }],
      subject: 'Q3 results',
      html: '<p>The results are attached.</p>',
      attachments: [{ filename: 'q3.pdf', contentType: 'application/pdf', content: 'JVBERi0xLjcK' }],
      reference: 'report-4711',
    },
    response: QUEUED,
  },
  submitMessages: {
    description:
      'All or nothing: either every message is stored, or none, with the faults of all by path, such as messages[3].to[0]. One Idempotency-Key stands for the whole batch. For up to 100 messages without parts, in 6 MiB of JSON.',
    request: { messages: [{ to: ['cfo@contoso.com'], subject: 'Q3 results', text: 'The results are ready.' }] },
    response: { items: [QUEUED] },
  },
  readMessage: {
    description:
      'A service sees the messages of its own name, also those that another of its keys submitted; an admin sees all. What is not visible is not found.',
    response: SENT,
  },
  listMessages: {
    description:
      'All filters together have to fit. recipient is a whole address, subject and reference are whole, search is a part of any of them. Pages follow each other by nextCursor, and a page never repeats or leaves out a message because others arrive meanwhile.',
    response: { items: [SENT_IN_LIST], nextCursor: null, previousCursor: null, total: 1, totalIsEstimate: false },
  },
  exportMessages: {
    description:
      'Takes the filters of the list, and streams all that they find. A cell that a spreadsheet would take for a formula begins with an apostrophe.',
    response: `id,status,service,reference,submitted,sent,from,to,cc,bcc,subject,problem,microsoftCode,possibleDuplicate,delivered,bounced\r\n${MESSAGE_ID},sent,reports,report-4711,2026-11-24T10:00:00.000Z,2026-11-24T10:00:01.250Z,reports@contoso.com,cfo@contoso.com,,,Q3 results,,,false,0,0\r\n`,
  },
  retryMessages: {
    description:
      'For everything that failed for one cause, once that is mended. count is how many could be retried when the request came; the work is done after the answer. expired and withoutContent count the others that the filter finds: nothing can be done for these but to submit them again.',
    request: { filter: { status: 'failed', problem: 'ErrorSendAsDenied' } },
    response: { count: 22, expired: 0, withoutContent: 3 },
  },
  cancelMessages: {
    description:
      'count is how many could be cancelled when the request came; the work is done after the answer, and one that is sent meanwhile stays sent.',
    request: { filter: { status: 'held', submittedTo: '2026-11-24T00:00:00Z' } },
    response: { count: 7 },
  },
  cancelMessage: {
    description:
      'Works for a message that is scheduled, queued or held, and for one whose attachments are still being uploaded to Microsoft. One that may have been handed to Microsoft cannot be cancelled.',
    response: { ...QUEUED, status: 'cancelled', nextAttemptAt: null },
  },
  retryMessage: {
    description:
      'Puts a failed message back into the queue with its content, which is kept for CONTENT_RETENTION_DAYS. Fix the cause first: problem says who does what.',
    response: QUEUED,
  },
  readSettings: {
    description:
      'A service learns from it whether mail can leave, from which address, and whether large attachments are enabled.',
    response: SETTINGS,
  },
  configure: {
    description:
      'Nothing is saved until the person has consented at consentUrl and a verification message has really been sent from the address. Poll the consent to learn its outcome.',
    request: { fromEmail: 'reports@contoso.com', largeAttachments: false },
    response: CONSENT,
  },
  updateSender: {
    description:
      'The old sender keeps sending until the consent completes, and stays if it fails. The consent asks for everything that is enabled already.',
    request: { fromEmail: 'finance@contoso.com' },
    response: { ...CONSENT, purpose: 'update-sender' },
  },
  enableLargeAttachments: {
    description:
      'Asks for Mail.ReadWrite, which upload sessions need. Once granted it stays on until a reset; it cannot be switched off alone.',
    request: { enabled: true },
    response: { ...CONSENT, purpose: 'large-attachments' },
  },
  reconnect: {
    description:
      'For a mailbox whose access Microsoft has ended. Messages that are held because of it leave by themselves once the consent completes.',
    request: {},
    response: { ...CONSENT, purpose: 'reconnect' },
  },
  switchDeliveryReports: {
    description:
      'Switching on is proved first, by one read of the inbox and one request of the message trace; no message is sent. 200 when that worked, 201 with the consent that the rest needs: what was proved is on by then. A refusal switches nothing on. Switching off needs nothing, and works at once. Poll the consent to learn its outcome.',
    request: { bounces: true, trace: true },
    response: {
      ...SETTINGS,
      deliveryReports: {
        bounces: { enabled: true, available: true, problem: null },
        trace: { enabled: true, problem: null },
      },
    },
    other: { ...CONSENT, purpose: 'delivery-reports' },
  },
  reset: {
    description:
      'Waiting messages are held until a mailbox is connected again. The consent at Microsoft itself is withdrawn in Entra. requestsOnTheWire counts messages that were already on their way and could not be recalled.',
    request: {},
    response: {
      ...SETTINGS,
      status: 'not-configured',
      version: 8,
      fromEmail: null,
      mailbox: null,
      connectedAs: null,
      connectedAt: null,
      grantedPermissions: [],
      requestsOnTheWire: 0,
    },
  },
  readConsent: {
    description:
      'Poll it about once a second while it is pending. A consent that failed has a problem that says who does what, and changed nothing.',
    response: { ...CONSENT, status: 'completed', consentUrl: null, account: 'ada@contoso.com', requestsOnTheWire: 0 },
  },
  cancelConsent: { description: 'A consent that comes back from Microsoft afterwards changes nothing.' },
  checkSetup: {
    description:
      'Takes up to 20 seconds, and runs one at a time. What cannot be checked is skipped, with the reason. The command doctor prints the same.',
    request: { fromEmail: 'reports@contoso.com' },
    response: {
      checks: [
        {
          id: 'database',
          status: 'ok',
          code: 'database-ready',
          values: { version: '18.4' },
          title: 'The database is ready',
          detail: 'PostgreSQL 18.4 answers, and its schema is that of this version.',
          action: null,
        },
      ],
    },
  },
  sendTestMessage: {
    description:
      'Goes through the queue like any message, so that it proves the whole way. Without to it goes to the signed-in admin.',
    request: { to: 'ada@contoso.com' },
    response: { messageId: MESSAGE_ID },
  },
  sendNow: {
    description:
      'Ends the pause that follows when a limit of Microsoft is used up (problem quota-exceeded of the settings), and one that Microsoft asked for. The next report of that kind pauses the mailbox for twice as long.',
    response: {
      messagesPerMinute: { limit: 30, left: 30 },
      recipientsPerDay: { limit: 10000, left: 9120 },
      uploadBytesPer5Minutes: { limit: 157286400, left: 157286400 },
      concurrentRequests: { limit: 4, left: 4 },
      pausedUntil: null,
      waitingMessages: 3,
      estimatedLastSentAt: '2026-11-24T10:01:00.000Z',
    },
  },
  readUsage: {
    description:
      'A limit that is switched off is null. The estimate counts what waits now, and not what may still be submitted.',
    response: USAGE,
  },
  readOverview: {
    description:
      'Outcomes are counted when they happen, and stay counted when messages are deleted. A page that polls sends X-Inforiver-Polling: 1: such a request does not keep a session alive, and its answer may be a second old.',
    response: {
      mail: 'flowing',
      sentence: 'Mail is going out. The last message left 2 minutes ago.',
      since: '2026-11-24T09:58:00.000Z',
      lastSentAt: '2026-11-24T09:58:10.000Z',
      waiting: { count: 3, oldestAt: '2026-11-24T10:00:00.000Z', lastLeavesAt: '2026-11-24T10:01:00.000Z' },
      scheduled: 24,
      held: { count: 0, because: {} },
      failed24h: { count: 2, byCode: { ErrorInvalidRecipients: 2 } },
      bounced24h: { count: 1, byCode: { '5.1.10': 1 } },
      hours: [{ at: '2026-11-24T10:00:00.000Z', sent: 120, failed: 2, held: 0, bounced: 1 }],
      days: [{ at: '2026-11-24T00:00:00.000Z', sent: 860, failed: 2, held: 0, bounced: 1 }],
      limits: { ...USAGE, externalRecipientsPerDay: { used: 412, likelyLimit: 33352 } },
    },
  },
  readSendingLimits: {
    description: 'Nothing is entered at first: then licences is null, and only the domain of the sender is internal.',
    response: LIMITS_ENTERED,
  },
  replaceSendingLimits: {
    description:
      'Microsoft limits the recipients outside of an organisation by its licences, and has no API that tells the limit. It is shown, and nothing is held back by it.',
    request: LIMITS_ENTERED,
    response: LIMITS_ENTERED,
  },
  readCredential: {
    description:
      'level says how urgent it is to renew it. Microsoft does not tell when a secret ends, so that the operator has to configure it.',
    response: { kind: 'certificate', expiresAt: '2027-03-01T00:00:00.000Z', daysLeft: 97, level: 'ok' },
  },
  readRecipientsPolicy: {
    description: 'It holds for every service. A service key can narrow it further.',
    response: POLICY,
  },
  replaceRecipientsPolicy: {
    description:
      'Domains are compared when a message is submitted; *.contoso.com is any name below contoso.com, and not contoso.com itself. The redirection is decided when a message is sent, so that it covers what already waits: all mail goes to that address alone, and the subject names the first of its recipients.',
    request: POLICY,
    response: POLICY,
  },
  listServiceKeys: {
    description: 'The value of a key is not stored, and shown only when it is made.',
    response: { items: [KEY] },
  },
  createServiceKey: {
    description:
      'Keys of one name belong to one service and see its messages, so that a key is rotated by making a second one and revoking the first. Scopes: messages:send, messages:read, settings:read.',
    request: {
      name: 'reports',
      scopes: ['messages:send', 'messages:read'],
      expiresAt: '2027-11-24T00:00:00Z',
      allowedDomains: ['contoso.com'],
      allowedAddresses: ['10.0.0.0/8'],
    },
    response: { ...KEY, key: 'irm_3v5Xo0cJ1p8mZ7qKcR2tYwA9bD4eF6gH' },
  },
  revokeServiceKey: { description: 'What it has submitted stays, and is delivered.' },
  listMessageEvents: {
    description:
      'A service sees the events of its messages, a session all. Whoever asks again with next as after misses nothing and sees the events of one message in order. A page may be short or empty although more follows: next has changed then. At most 100 requests of a process wait.',
    response: {
      items: [
        {
          id: EVENT_ID,
          type: 'message.sent',
          at: '2026-11-24T10:00:00.000Z',
          messageId: MESSAGE_ID,
          reference: 'q3-2026',
          service: 'reports',
          recipient: null,
          code: null,
          detail: null,
          possibleDuplicate: false,
        },
      ],
      next: EVENT_ID,
    },
  },
  listWebhooks: {
    description: 'The secret of a webhook is shown only when it is registered.',
    response: { items: [WEBHOOK] },
  },
  createWebhook: {
    description:
      'Requests are signed by Standard Webhooks, and repeated for a day when they are not answered with 2xx. Addresses in private networks need WEBHOOK_ALLOW_PRIVATE.',
    request: {
      url: 'https://hooks.contoso.com/inforiver-mail',
      types: ['queue.stalled', 'message.failed'],
      services: ['reports'],
    },
    response: { ...WEBHOOK, lastAttempt: null, secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' },
  },
  replayWebhook: {
    description:
      'Sends at most 10,000 events, the oldest since then (by at, inclusive), under the same webhook-id as before. Alerts are not replayed. A webhook may have five replays under way.',
    request: { since: '2026-11-24T10:00:00Z' },
    response: { count: 42 },
  },
  removeWebhook: { description: 'Requests that still wait for it are dropped.' },
  testWebhook: {
    description: 'Waits for the answer of the webhook, at most 10 seconds, and says how the request ended.',
    response: WEBHOOK_ATTEMPT,
  },
  listNotices: {
    description: 'Each is the latest alert about its subject; one that is over is replaced by mailbox.recovered.',
    response: {
      items: [
        {
          id: ALERT_ID,
          type: 'mailbox.reconnect-required',
          at: '2026-11-24T10:00:00.000Z',
          values: { fromEmail: 'reports@contoso.com' },
          title: 'Mail is paused: connect the mailbox again',
          detail: 'Microsoft no longer accepts the access to reports@contoso.com.',
          action: 'A workspace admin chooses Reconnect at Tenant Settings > Office 365 SMTP.',
        },
      ],
    },
  },
  dismissNotice: { description: 'It is gone for every admin, with older notices about the same subject.' },
  listAuditEvents: {
    description: 'The database refuses to change or delete them. Pages follow each other by nextCursor.',
    response: {
      items: [
        {
          id: 'aud_42',
          at: '2026-11-24T09:30:00.000Z',
          actor: { id: 'usr_1', name: 'Ada Admin', email: 'ada@contoso.com' },
          action: 'service-key-created',
          outcome: 'created',
          details: { name: 'reports' },
        },
      ],
      nextCursor: null,
    },
  },
  exportAuditEvents: {
    description: 'Streams at most 100,000 events; when there are more, the last line says so.',
    response:
      'id,at,actor,action,outcome,details\r\naud_42,2026-11-24T09:30:00.000Z,Ada Admin,service-key-created,created,"{""name"":""reports""}"\r\n',
  },
  readSession: {
    description: 'The page asks it first, and shows the sign-in where the answer is 401.',
    response: { user: { name: 'Ada Admin', email: 'ada@contoso.com' }, role: 'workspace-admin' },
  },
  signOut: { description: 'The cookie is refused from then on, in every tab.' },
  listSessions: {
    description:
      'A session ends after an hour without use, and four hours after the sign-in, when the role has to be seen again. At most 500 are listed, those that were seen last first.',
    response: {
      items: [
        {
          id: SESSION_ID,
          user: { name: 'Ada Admin', email: 'ada@contoso.com' },
          current: true,
          address: '192.0.2.7',
          userAgent: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64)',
          signedInAt: '2026-11-24T08:00:00.000Z',
          lastSeenAt: '2026-11-24T09:30:00.000Z',
        },
      ],
    },
  },
  endSession: { description: 'Its cookie is refused from then on. One’s own session can be ended too.' },
  endOtherSessions: { description: 'Everybody else has to sign in again, and oneself in every other browser.' },
}

/** An id that stands for the parameter `id` in an example. */
export const EXAMPLE_IDS: Readonly<Record<string, string>> = {
  messages: MESSAGE_ID,
  consents: CONSENT_ID,
  'service-keys': KEY_ID,
  webhooks: WEBHOOK_ID,
  notices: ALERT_ID,
  sessions: SESSION_ID,
}
