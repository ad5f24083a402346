import { Readable } from 'node:stream'
import { exportMessages } from '@inforiver-mail/contract/message-list'
import fastify from 'fastify'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { route, serializeWithContract, validateWithContract } from './route.ts'

it('answers a HEAD with the headers of a stream, without reading the stream', async () => {
  const read: string[] = []
  async function* lines() {
    for (const line of ['first\r\n', 'second\r\n']) {
      read.push(line)
      yield line
    }
  }
  const app = fastify()
  app.setValidatorCompiler(validateWithContract)
  app.setSerializerCompiler(serializeWithContract)
  route(
    app,
    exportMessages,
    async () => ({}),
    async () => Readable.from(lines()),
  )

  const head = await app.inject({ method: 'HEAD', url: exportMessages.path })
  expect(head).toMatchObject({ statusCode: 200, body: '', headers: { 'content-type': exportMessages.contentType } })
  expect(read).toEqual([])
  expect(await app.inject({ url: exportMessages.path })).toMatchObject({ statusCode: 200, body: 'first\r\nsecond\r\n' })
  await app.close()
})

it('sends no answer with a field that the contract does not know', () => {
  const schema = z.strictObject({ name: z.string() })
  const serialize = serializeWithContract({ schema, method: 'GET', url: '/name' })

  expect(serialize({ name: 'a' })).toBe('{"name":"a"}')
  expect(() => serialize({ name: 'a', secret: 'b' })).toThrow('The answer of GET /name does not match the contract.')
})
