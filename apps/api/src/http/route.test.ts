import { Readable } from 'node:stream'
import { exportMessages } from '@inforiver-mail/contract/message-list'
import fastify from 'fastify'
import { serializerCompiler } from 'fastify-type-provider-zod'
import { expect, it } from 'vitest'
import { route, validateWithContract } from './route.ts'

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
  app.setSerializerCompiler(serializerCompiler)
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
