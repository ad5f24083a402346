import { expect, it } from 'vitest'
import { parseJson } from './json-body.ts'

it.each([
  ['plain', ',[{,[{'],
  ['with an escaped quote', '",[{,[{'],
  ['that ends with a backslash', ',[{,[{\\'],
  ['with an escaped quote after a backslash', '\\",[{,[{'],
  ['that is empty', ''],
])('counts what stands outside of strings: one %s', (_what, text) => {
  const body = Buffer.from(JSON.stringify([text, text, text]))

  expect(parseJson(body, undefined, 'body', 4)).toEqual([text, text, text])
  expect(() => parseJson(body, undefined, 'body', 3)).toThrow('The body has more than the 3 values')
})

it.each(['__proto__', '\\u005f_proto__', '__\\u0070roto__', '__pr\\u006fto__', '__pro\\u0074o__'])(
  'refuses a field named %s',
  (name) => {
    const body = Buffer.from(`{"headers":{"${name}":"x"}}`)

    expect(() => parseJson(body, undefined, 'body')).toThrow('A field cannot have the name __proto__.')
  },
)

it('reads a body after one that broke off within a character', () => {
  const text = Buffer.from('"€"')
  expect(() => parseJson(text.subarray(0, 2), undefined, 'body')).toThrow('The body is not valid UTF-8')

  expect(parseJson(text, undefined, 'body')).toBe('€')
})
