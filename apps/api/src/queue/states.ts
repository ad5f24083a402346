// The states of a message and the transitions between them, each with the file of its statement. The rooms of the queue
// follow them: intake/, owner/ (who sends, and when), drafts/, doubt/ (what nobody has written the outcome of), changes/,
// mailbox/ (what is known of a mailbox), reports/ and records/.
//
// Until it ends, a message has a row in message_queue, whose `state` is scheduled, queued or held. It is sending while that
// row is queued and has a mark: `sending` itself is stored nowhere. When it ends the row is deleted, and `outcome` of its row
// in messages becomes sent, failed or cancelled. The view message_states puts both together. What is receiving has neither
// row, only one in message_contents.
//
//  receiving ──complete──▶ queued, scheduled, or held without access     intake/insert-messages.ts
//            ──its client is gone──▶ deleted                             intake/receive.ts
//  scheduled ──its time comes──▶ queued                                  changes/release.ts
//  queued ──marked by the owner of its mailbox──▶ sending                owner/mark.ts
//  sending ──Microsoft accepts──▶ sent                                   owner/settle.ts
//          ──Microsoft refuses, or a day of trying is over──▶ failed     owner/settle.ts
//          ──a transient failure──▶ queued, due later                    owner/settle.ts
//          ──the outcome is unknown──▶ queued, in doubt                  owner/settle.ts
//          ──no access──▶ held ──access again──▶ queued                  owner/settle.ts, changes/release.ts
//          ──Microsoft refuses the mailbox──▶ held, or queued            owner/settle.ts, mailbox/refusals.ts
//          ──its process is gone──▶ queued, in doubt if it was tried     doubt/abandoned.ts
//          ──its mark had no answer──▶ queued: nothing was sent          doubt/abandoned.ts
//  queued, due later ──somebody has it sent now──▶ queued, due now       changes/send-now.ts
//  scheduled, queued, held ──somebody cancels──▶ cancelled               changes/cancel.ts; also sending, while its draft is filled
//  queued ──its mailbox is refused──▶ held ──one is tried──▶ queued      mailbox/tend-mailboxes.ts
//  failed ──somebody retries──▶ queued                                   changes/retry.ts
//  scheduled, queued, held ──its expiresAt passes──▶ failed              changes/expiry.ts; owner/settle.ts where it was in doubt
//  scheduled, queued, held ──its key is forgotten──▶ failed              changes/forget.ts
//  scheduled, queued, held, sending ──restored from a backup──▶ failed   changes/not-resent.ts
//  failed ──its last attempt turns out to have sent it──▶ sent           owner/settle.ts
//  sent, failed, cancelled ──kept long enough──▶ deleted                 changes/retention.ts
//
// A message stays in doubt until it ends, or until it is found not to have been sent.

/** Whether an earlier attempt may have sent the message. */
export type Doubt =
  /** No attempt can have sent it. */
  | { readonly state: 'none' }
  /** One may have. The mailbox was searched for it `looks` times. */
  | { readonly state: 'in-doubt'; readonly looks: number }
  /** One was in doubt, but its draft is still a draft, so it was not sent. */
  | { readonly state: 'seen-unsent' }

export const NO_DOUBT: Doubt = { state: 'none' }
