import { CHUNK_BYTES } from '@inforiver-mail/m365/content-cipher'
import { createByteBudget, type ByteBudget } from './byte-budget.ts'

// How much memory content takes, and how much it may take: on its way in and on its way out it has a budget each, so that
// neither waits for the other.

const KIB = 1024
const MIB = 1024 * KIB

/** JSON is held as it came, parsed, decoded and sealed. */
const COPIES_OF_JSON = 4
/** A message that is sent in one request is held sealed, opened, in base64, and as the body of the request. */
const COPIES_OF_A_MESSAGE = 4
/** A file that is attached in one request is held opened, in base64, in JSON, and as bytes. */
const COPIES_OF_AN_ATTACHED_FILE = 5
/** A range of an upload is held opened, and as the body of its request. */
const COPIES_OF_A_RANGE = 2
/** A chunk that is being stored is held sealed, and in the statement. */
const COPIES_OF_A_STORED_CHUNK = 2

/** Ordinary mail never waits for large mail. */
export const SMALL_BODY_BYTES = 64 * KIB
/** Attachments that together are no larger stay in memory and are stored with their message; others in chunks. */
export const KEPT_ATTACHMENT_BYTES = 512 * KIB

/** The part that only small bodies may take. */
export const RESERVED_FOR_SMALL_BODIES = 12 * MIB
/** Whatever is being stored may take the difference too, so that uploads end no matter what else arrives. */
export const RESERVED_FOR_STORING = RESERVED_FOR_SMALL_BODIES + 4 * MIB
/** Fits four of the largest JSON bodies at once, or uploads in their place, in addition to what is reserved. */
export const BODY_BUDGET_BYTES = RESERVED_FOR_STORING + RESERVED_FOR_SMALL_BODIES + 4 * COPIES_OF_JSON * 6 * MIB
/** The part that only small messages may take on their way out, so that they wait for no range of an upload. */
export const RESERVED_FOR_SMALL_MESSAGES = 4 * MIB
const DELIVERY_BUDGET_BYTES = RESERVED_FOR_SMALL_MESSAGES + 24 * MIB

/** Creates the budget that all content leaving this process shares. */
export function createDeliveryBudget(): ByteBudget {
  return createByteBudget(DELIVERY_BUDGET_BYTES)
}

/** Computes the bytes of memory that content takes from its own size in bytes. */
export const memoryFor = {
  json: (bytes: number) => COPIES_OF_JSON * bytes,
  message: (storedBytes: number) => COPIES_OF_A_MESSAGE * storedBytes,
  attachedFile: (bytes: number) => COPIES_OF_AN_ATTACHED_FILE * bytes,
  range: (bytes: number) => COPIES_OF_A_RANGE * bytes,
  /** Attachments that stay in memory: as they came, and sealed. */
  keptAttachments: 2 * KEPT_ATTACHMENT_BYTES,
  /** A file that is stored in chunks: the chunk that fills. */
  chunkedFile: CHUNK_BYTES,
  storedChunk: COPIES_OF_A_STORED_CHUNK * CHUNK_BYTES,
}
