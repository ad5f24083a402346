import {
  cancelledIsNotDelivered,
  deliveredIsNotRefused,
  deliveredOrEnded,
  doubledIsFlagged,
  notBeforeItsTime,
  oneIdForOneKey,
} from './delivery-rules.ts'
import { type History, type HistoryEvent, toHistory, type Violation } from './history.ts'
import { limitsHold, neverMoreAtOnce } from './mailbox-rules.ts'
import { sentFromTheConfiguredSender } from './sender-rules.ts'
import { cancelledStaysCancelled, statusNeverGoesBack, submittedIsFound } from './status-rules.ts'

const RULES: readonly ((history: History) => Violation[])[] = [
  deliveredOrEnded,
  deliveredIsNotRefused,
  doubledIsFlagged,
  cancelledIsNotDelivered,
  oneIdForOneKey,
  notBeforeItsTime,
  sentFromTheConfiguredSender,
  neverMoreAtOnce,
  limitsHold,
  submittedIsFound,
  statusNeverGoesBack,
  cancelledStaysCancelled,
]

/** Checks a history against every rule. */
export function check(events: Iterable<HistoryEvent>): { history: History; violations: Violation[] } {
  const history = toHistory(events)
  return { history, violations: RULES.flatMap((rule) => rule(history)) }
}
