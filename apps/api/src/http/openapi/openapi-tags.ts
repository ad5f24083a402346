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
]

/** @param path of an operation, such as `/api/v1/messages/:id` */
export function tagOf(path: string): (typeof TAGS)[number] {
  const [, , , resource = ''] = path.split('/')
  const tag = TAGS.find(({ paths }) => paths.includes(resource))
  if (!tag) throw new Error(`No group of operations has the path ${path}.`)
  return tag
}
