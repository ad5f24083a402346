import { expect, it } from 'vitest'
import { say } from './problem.ts'

it('makes the English of a detail from the sentences and facts that its values hold', () => {
  expect(say(['request-slow', 'nothing-stored'], { bytes: 1_024, seconds: 10 })).toEqual({
    detail: 'Less than 1024 bytes of the request arrived within 10 seconds. Nothing was stored; send it again.',
    values: { detail: ['problem.request-slow', 'problem.nothing-stored'], bytes: 1_024, seconds: 10 },
  })
})

it.each([
  ['yes', 'Without attachments the message has at least 5 bytes; Microsoft takes at most 4.'],
  ['no', 'Without attachments the message has 5 bytes; Microsoft takes at most 4.'],
])('says of a size that may grow (%s): %s', (arriving, text) => {
  expect(say('body-too-large', { arriving, sizeBytes: 5, limitBytes: 4 }).detail).toContain(text)
})
