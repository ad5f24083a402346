import { expect, it } from 'vitest'
import { parseJson } from './json-body.ts'

it('lets other work run between two bodies of many values', async () => {
  const body = Buffer.from(`[${'{},'.repeat(5_000)}{}]`)
  const order: string[] = []
  const parse = async (name: string) => {
    await parseJson(body, undefined, 'body')
    order.push(name)
    setImmediate(() => order.push(`work after the ${name}`))
  }

  await Promise.all([parse('first'), parse('second')])

  expect(order).toEqual(['first', 'work after the first', 'second'])
})

it.each([
  ['plain', ',[{,[{'],
  ['with an escaped quote', '",[{,[{'],
  ['that ends with a backslash', ',[{,[{\\'],
  ['with an escaped quote after a backslash', '\\",[{,[{'],
  ['that is empty', ''],
])('counts what stands outside of strings: one %s', async (_what, text) => {
  const body = Buffer.from(JSON.stringify([text, text, text]))

  await expect(parseJson(body, undefined, 'body', 4)).resolves.toEqual([text, text, text])
  await expect(parseJson(body, undefined, 'body', 3)).rejects.toThrow('The body has more than the 3 values')
})

it.each(['__proto__', '\\u005f_proto__', '__\\u0070roto__', '__pr\\u006fto__', '__pro\\u0074o__'])(
  'refuses a field named %s',
  async (name) => {
    const body = Buffer.from(`{"headers":{"${name}":"x"}}`)

    await expect(parseJson(body, undefined, 'body')).rejects.toThrow('A field cannot have the name __proto__.')
  },
)

it('reads a body after one that broke off within a character', async () => {
  const text = Buffer.from('"€"')
  await expect(parseJson(text.subarray(0, 2), undefined, 'body')).rejects.toThrow('The body is not valid UTF-8')

  await expect(parseJson(text, undefined, 'body')).resolves.toBe('€')
})
