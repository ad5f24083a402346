import { MessageBatch, MessageInput } from '@inforiver-mail/contract/message-input'
import type { FastifyRequest } from 'fastify'
import { beforeHeavyWork } from '../http/heavy-work.ts'
import { faultsOf, refuseFaults, refuseInput } from '../http/input-faults.ts'
import { type Fault, ProblemError, refuseMediaType } from '../http/problem.ts'
import { parseIdempotencyKey } from './read-request.ts'
import { toSubmission } from './read-submission.ts'
import type { Submission } from './submit.ts'

/** What is wrong with one message of a batch. */
interface Refused {
  readonly refusal: ProblemError
}

interface Valid {
  readonly input: MessageInput
  readonly submission: Submission
}

/** The messages of a batch, each valid by itself or refused. */
export interface ReadBatch {
  readonly messages: readonly (Valid | Refused)[]
  /** @throws {ProblemError} as `refuseBatch` does, unless all messages are valid */
  submissions(): Submission[]
}

/**
 * Reads a batch, message by message, so that one which is refused hides nothing of those after it.
 *
 * @throws {ProblemError} `invalid-input` where it is no batch
 */
export async function readBatch(request: FastifyRequest): Promise<ReadBatch> {
  const { faults } = parseIdempotencyKey(request)
  if (request.body === undefined) throw refuseMediaType(request.routeOptions.config.serves)
  const outline = MessageBatch.safeParse(request.body)
  if (!outline.success) throw refuseInput([...faults, ...faultsOf(outline.error.issues)])
  if (faults.length > 0) throw refuseInput(faults)
  const messages: (Valid | Refused)[] = []
  for (const message of outline.data.messages) {
    await beforeHeavyWork()
    messages.push(readMessage(message))
  }
  return {
    messages,
    submissions: () => messages.map((each) => ('refusal' in each ? refuse(messages) : each.submission)),
  }
}

function readMessage(message: unknown): Valid | Refused {
  const parsed = MessageInput.safeParse(message)
  if (!parsed.success) return { refusal: refuseInput(faultsOf(parsed.error.issues)) }
  try {
    return { input: parsed.data, submission: toSubmission(parsed.data, []) }
  } catch (error) {
    if (error instanceof ProblemError) return { refusal: error }
    throw error
  }
}

function refuse(messages: readonly (Valid | Refused)[]): never {
  throw refuseBatch(messages.map((each) => ('refusal' in each ? each.refusal : null)))
}

/**
 * Refuses a batch as the first refused message alone would be, with the faults of all of them by path.
 *
 * @param refusals of each message, in order; at least one
 */
export function refuseBatch(refusals: readonly (ProblemError | null)[]): ProblemError {
  const first = refusals.find((refusal) => refusal !== null)
  if (!first) throw new Error('Nothing was refused.')
  return refuseFaults(
    first.code,
    refusals.flatMap((refusal, index) => (refusal ? faultsWithin(refusal, index) : [])),
  )
}

function faultsWithin({ errors, message }: ProblemError, index: number): Fault[] {
  const place = `messages[${index}]`
  if (errors === undefined) return [{ path: place, message }]
  return errors.map((fault) => ({ ...fault, path: fault.path === '' ? place : `${place}.${fault.path}` }))
}
