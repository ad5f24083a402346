// What a message can be, and what leads where. Each statement file of this folder says which of these steps it takes.
//
//  receiving ──complete──▶ scheduled ──its time comes──▶ queued        receive.ts, submit.ts, recover.ts
//                     └──▶ queued, or held without access               submit.ts
//  queued ──claimed under a lease──▶ sending                             claim.ts
//  sending ──Microsoft accepts──▶ sent                                   settle.ts
//          ──Microsoft refuses, or a day of trying is over──▶ failed     settle.ts
//          ──trouble that passes──▶ queued, later                        settle.ts
//          ──nobody knows──▶ queued, in doubt                            settle.ts
//          ──no access──▶ held ──access again──▶ queued                  settle.ts, hold.ts
//          ──the lease runs out──▶ queued, in doubt where it was tried   recover.ts
//  scheduled, queued, held ──somebody cancels──▶ cancelled               cancel.ts; also sending, while a draft is filled
//  failed ──somebody retries──▶ queued                                   retry.ts
//  scheduled, queued, held ──its key is forgotten──▶ failed              forget.ts
//  sent, failed, cancelled ──kept long enough──▶ deleted                 expire.ts
//
// Doubt goes along with a message until it ends, or is seen not to have been sent.

/** Whether an earlier attempt may have sent the message, although nobody knows. */
export type Doubt =
  /** No attempt can have sent it. */
  | { readonly state: 'none' }
  /** One may have; it was looked for in the mailbox so many times. */
  | { readonly state: 'in-doubt'; readonly looks: number }
  /** One might have, but its draft was seen to be a draft still. */
  | { readonly state: 'seen-unsent' }

export const NO_DOUBT: Doubt = { state: 'none' }
