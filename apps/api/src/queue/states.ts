// The states of a message and the transitions between them, each with the file of its statement. The rooms of the queue
// follow them: intake/, owner/ (who sends, and when), drafts/, doubt/ (what nobody has written the outcome of), changes/,
// mailbox/ (what is known of a mailbox), reports/ and records/.
//
//  receiving ──complete──▶ queued, scheduled, or held without access     intake/insert-messages.ts
//  scheduled ──its time comes──▶ queued                                  changes/release.ts
//  queued ──marked by the owner of its mailbox──▶ sending                owner/mark.ts
//  sending ──Microsoft accepts──▶ sent                                   owner/settle.ts
//          ──Microsoft refuses, or a day of trying is over──▶ failed     owner/settle.ts
//          ──a transient failure──▶ queued, due later                    owner/settle.ts
//          ──the outcome is unknown──▶ queued, in doubt                  owner/settle.ts
//          ──no access──▶ held ──access again──▶ queued                  owner/settle.ts, changes/release.ts
//          ──Microsoft refuses the mailbox──▶ held, or queued            owner/settle.ts, mailbox/refusals.ts
//          ──its process is gone──▶ queued, in doubt if it was tried     doubt/take-over.ts
//  scheduled, queued, held ──somebody cancels──▶ cancelled               changes/cancel.ts; also sending, while its draft is filled
//  queued ──its mailbox is refused──▶ held ──one is tried──▶ queued      mailbox/tend-mailboxes.ts
//  failed ──somebody retries──▶ queued                                   changes/retry.ts
//  scheduled, queued, held ──its expiresAt passes──▶ failed              changes/expiry.ts; owner/settle.ts where it was in doubt
//  scheduled, queued, held ──its key is forgotten──▶ failed              changes/forget.ts
//  all of these ──restored from a backup, not to be sent──▶ failed       changes/not-resent.ts
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
