import type { Simulation } from '../simulation/simulation.ts'
import type { DeliveryOutcome } from '../tenant/trace-row.ts'
import { addresseeMembers, type DirectoryIndex } from '../tenant/directory.ts'

// What becomes of a recipient after Exchange has accepted a message. Mailboxes, message trace and non-delivery reports
// all go by it.

const DELIVERED: DeliveryOutcome = { status: 'delivered', code: null, text: null, members: [] }

/** In these domains everything ends in one way, so that the demo shows it without a setting. */
const DOMAINS: Readonly<Record<string, DeliveryOutcome>> = {
  'quarantine.example': { ...DELIVERED, status: 'quarantined' },
  'spam.example': { ...DELIVERED, status: 'filteredAsSpam' },
  'strict.example': failure(
    '5.7.515',
    'Access denied, sending domain [CONTOSO.COM] does not meet the required authentication level',
  ),
  'full.example': failure('5.2.2', 'Recipient mailbox is full'),
}

function failure(code: string, text: string): DeliveryOutcome {
  return { status: 'failed', code, text: `550 ${code} ${text}`, members: [] }
}

/** As `deliveryOutcomeOf`, and counts the recipient against the limits of a day: what is above them bounces. */
export function sentOutcomeOf(sender: string, address: string, simulation: Simulation): DeliveryOutcome {
  const refused = simulation.quotas.take(sender, address, simulation)
  if (refused === null) return deliveryOutcomeOf(address, simulation)
  return { ...DELIVERED, status: 'failed', code: refused.split(' ')[1] ?? null, text: refused }
}

/** Decides what becomes of mail to an address: as the control API has set it, else by the directory and the domain. */
export function deliveryOutcomeOf(
  address: string,
  { index, settings }: Pick<Simulation, 'index' | 'settings'>,
): DeliveryOutcome {
  const set = settings.current.recipients[address.toLowerCase()]
  if (set !== undefined) {
    const { status, code = null, text = null, members = [] } = set
    if (status !== 'failed') return { status, code, text, members }
    return failure(code ?? '5.1.10', text ?? NOT_FOUND)
  }
  const [, domain = ''] = address.toLowerCase().split('@')
  if (!exists(address, index)) return failure('5.1.10', NOT_FOUND)
  const members = addresseeMembers(address, index)
  return members === null ? (DOMAINS[domain] ?? DELIVERED) : { ...DELIVERED, status: 'expanded', members }
}

const NOT_FOUND = 'RESOLVER.ADR.RecipientNotFound; Recipient not found'

/** Whether somebody has a mailbox with this address; outside the organization somebody always does. */
function exists(address: string, index: DirectoryIndex): boolean {
  const addressee = index.byAddress(address)
  if (addressee === undefined) return !index.isLocal(address)
  // A guest's mail goes to its home, which is outside.
  return addressee.kind !== 'person' || addressee.person.hasMailbox || addressee.person.membership !== 'member'
}
