import type { InputFault, ProblemCode } from '@inforiver-mail/contract/problem'
import { say, type Said } from './problem-sentences.ts'

/** An example of a problem in OpenAPI, where its description alone would not show what the detail says. */
export interface ProblemExample {
  readonly detail: string | Said
  readonly errors?: readonly Pick<InputFault, 'path' | 'message'>[]
}

export const PROBLEM_EXAMPLES: Partial<Record<ProblemCode, ProblemExample>> = {
  'invalid-input': {
    detail: 'subject: At most 998 characters.',
    errors: [{ path: 'subject', message: 'At most 998 characters.' }],
  },
  'scope-missing': { detail: say('scope-missing', { scope: 'messages:send' }) },
  'message-not-cancellable': { detail: say('has-ended', { status: 'sent' }) },
  'message-too-large': {
    detail: say('attachment-too-large', {
      arriving: 'no',
      attachment: 1,
      sizeBytes: 167_772_160,
      limitBytes: 157_286_400,
    }),
  },
  'sender-not-allowed': {
    detail: 'Messages leave from reports@contoso.com only.',
    errors: [{ path: 'from', message: 'Messages leave from reports@contoso.com only.' }],
  },
  'recipient-not-allowed': {
    detail: 'to[0]: Mail to example.org is not allowed.',
    errors: [{ path: 'to[0]', message: 'Mail to example.org is not allowed.' }],
  },
  'search-too-long': { detail: say('search-too-long', { seconds: 10 }) },
  'storage-full': {
    detail: say('storage-full', {
      storedBytes: 10_737_418_240,
      storageBytes: 10_737_418_240,
      neededBytes: 52_428,
    }),
  },
}
