// The states of a message and the transitions between them. Each statement file in this folder begins with the
// transitions that it makes.
//
//  receiving ──complete──▶ scheduled ──its time comes──▶ queued        receive.ts, submit.ts, recover.ts
//                     └──▶ queued, or held without access               submit.ts
//  queued ──marked by the owner of its mailbox──▶ sending                claim.ts, owner/mark.ts
//  sending ──Microsoft accepts──▶ sent                                   settle.ts
//          ──Microsoft refuses, or a day of trying is over──▶ failed     settle.ts
//          ──a transient failure──▶ queued, due later                    settle.ts
//          ──the outcome is unknown──▶ queued, in doubt                  settle.ts
//          ──no access──▶ held ──access again──▶ queued                  settle.ts, hold.ts
//          ──Microsoft refuses the mailbox──▶ held, or queued            settle.ts, refusals.ts
//          ──its process is gone──▶ queued, in doubt if it was tried     recover.ts
//  scheduled, queued, held ──somebody cancels──▶ cancelled               cancel.ts; also sending, while its draft is filled
//  queued ──its mailbox is refused──▶ held ──one is tried──▶ queued      tend-mailboxes.ts
//  failed ──somebody retries──▶ queued                                   retry.ts
//  scheduled, queued, held ──its expiresAt passes──▶ failed              expired.ts; settle.ts where it was in doubt
//  scheduled, queued, held ──its key is forgotten──▶ failed              forget.ts
//  all of these ──restored from a backup, not to be sent──▶ failed       not-resent.ts
//  sent, failed, cancelled ──kept long enough──▶ deleted                 expire.ts
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
