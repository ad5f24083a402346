import { once } from 'node:events'
import { PassThrough, type Readable } from 'node:stream'
import { expect, it } from 'vitest'
import { createArrivingBody } from './arriving-body.ts'

function wrap(payload: Readable): Readable {
  return createArrivingBody(payload, { onStart() {}, admit() {}, pace: () => null, onTooSlow() {} }).stream
}

it('ends with what had arrived, also when the connection is closed right after', async () => {
  const payload = new PassThrough()
  const read = wrap(payload).toArray()
  payload.end('all of it')
  payload.once('end', () => payload.destroy())

  expect(Buffer.concat(await read).toString()).toBe('all of it')
})

it('fails when the client leaves in the middle', async () => {
  const payload = new PassThrough()
  const body = wrap(payload)
  body.once('data', () => payload.destroy())
  payload.write('the first half')

  await expect(once(body, 'end')).rejects.toThrow('The body broke off.')
})
