import { MessageBatch, MessageInput } from '@inforiver-mail/contract/message-input'
import type { FastifyRequest } from 'fastify'
import { beforeHeavyWork } from '../http/heavy-work.ts'
import { faultsOf, refuseFaults, refuseInput } from '../http/input-faults.ts'
import { type Fault, ProblemError, refuseMediaType } from '../http/problem.ts'
import { parseIdempotencyKey } from './read-request.ts'
import { toSubmission } from './read-submission.ts'
import type { Submission } from './submit.ts'

/** @throws {ProblemError} where the installation does not allow the message */
export type CheckSubmission = (input: MessageInput, submission: Submission) => Promise<void>

/**
 * Reads a batch, message by message, so that one which is refused hides nothing of those after it. It is refused as the
 * first refused message alone would be, with the faults of all of them by path.
 *
 * @throws {ProblemError} `invalid-input` where it is no batch
 */
export async function readBatch(request: FastifyRequest, check: CheckSubmission): Promise<readonly Submission[]> {
  const { faults } = parseIdempotencyKey(request)
  if (request.body === undefined) throw refuseMediaType(request.routeOptions.config.serves)
  const outline = MessageBatch.safeParse(request.body)
  if (!outline.success) throw refuseInput([...faults, ...faultsOf(outline.error.issues)])
  if (faults.length > 0) throw refuseInput(faults)
  const submissions: Submission[] = []
  const refusals: { readonly refusal: ProblemError; readonly place: string }[] = []
  for (const [index, message] of outline.data.messages.entries()) {
    await beforeHeavyWork()
    try {
      submissions.push(await readMessage(message, check))
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error
      refusals.push({ refusal: error, place: `messages[${index}]` })
    }
  }
  const [first] = refusals
  if (!first) return submissions
  throw refuseFaults(
    first.refusal.code,
    refusals.flatMap(({ refusal, place }) => faultsWithin(refusal, place)),
  )
}

async function readMessage(message: unknown, check: CheckSubmission): Promise<Submission> {
  const parsed = MessageInput.safeParse(message)
  if (!parsed.success) throw refuseInput(faultsOf(parsed.error.issues))
  const submission = toSubmission(parsed.data, [])
  await check(parsed.data, submission)
  return submission
}

function faultsWithin({ errors, message }: ProblemError, place: string): Fault[] {
  if (errors === undefined) return [{ path: place, message }]
  return errors.map((fault) => ({ ...fault, path: fault.path === '' ? place : `${place}.${fault.path}` }))
}
