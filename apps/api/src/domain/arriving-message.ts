import type { Message } from '@inforiver-mail/contract/message'
import type { MessageInput } from '@inforiver-mail/contract/message-input'
import type { MimeContent } from '@inforiver-mail/m365/message-content'
import type { FastifyBaseLogger } from 'fastify'
import type { SubmitSettings } from './submit-settings.ts'

/** The service that submits a message, and what its key allows. */
export interface Sender {
  readonly tenantId: string
  readonly service: string
  /** The only domains that its key may write to; empty: those that the installation allows. */
  readonly allowedDomains: readonly string[]
  /** Those of the tenant when the key was looked up. */
  readonly settings: SubmitSettings
}

type GiveBack = (bytes?: number) => void

/** The memory that the intake of attachments asks for. */
export interface IntakeMemory {
  hold(bytes: number): GiveBack
  holdForStoring(bytes: number): Promise<GiveBack>
}

/** Takes the attachments of a message while they arrive. */
export interface AttachmentSink {
  /** Takes one part. @throws {ProblemError} when it exceeds a limit */
  add(part: { filename: string | null; contentType: string | null }, file: AsyncIterable<Buffer>): Promise<void>
}

/** What was read of a message that arrived. */
export interface ReadMessage {
  readonly input: MessageInput
  /** Set for a message that goes as it came, so that neither bodies nor attachments count. */
  readonly mime: MimeContent | null
  readonly idempotencyKey: string | null
  /** Identifies the content; null to take a hash of what was read. */
  readonly contentHash: string | null
}

/** Refuses what the installation does not allow. */
export type Check = (message: MessageInput) => Promise<void>

/** A message that arrives, by whichever protocol. */
export interface ArrivingMessage {
  readonly sender: Sender
  readonly memory: IntakeMemory
  /** Null where nothing is traced. */
  readonly traceparent: string | null
  readonly log: Pick<FastifyBaseLogger, 'info' | 'warn'>
  /** Reads the settings that the message is held to, once it has arrived. */
  readonly readSettings: () => Promise<SubmitSettings>
  /**
   * Reads the message, and hands its attachments to the sink while they arrive. `check` refuses what the installation
   * does not allow; `readSender` says what the message will leave from. Both are for when it has arrived.
   */
  readonly read: (sink: AttachmentSink, check: Check, readSender: () => Promise<string | null>) => Promise<ReadMessage>
}

/** What was accepted: one message, or all of a batch in order. */
export interface Accepted {
  readonly ids: readonly string[]
  /** The messages that were stored; null where these ids are those of the first submit, which this one repeats. */
  readonly messages: readonly Message[] | null
}

/**
 * Takes a message while it arrives, and returns once it is on disk. Nothing is left of one that is refused or breaks off.
 * Of two that arrive at once under one idempotency key, the database decides which is first.
 *
 * @throws {ProblemError} where it is refused
 */
export type Accept = (arriving: ArrivingMessage) => Promise<Accepted>
