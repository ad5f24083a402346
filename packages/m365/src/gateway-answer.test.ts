import { describe, expect, it } from 'vitest'
import { readGatewayAnswer } from './gateway-answer.ts'

const JWT = `eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.${'x'.repeat(60)}.sig`

describe('readGatewayAnswer', () => {
  it('says who answered what', () => {
    expect(read('RBAC: access denied', { 'content-type': 'Text/Plain; charset=utf-8' })).toEqual({
      status: 403,
      host: 'graph.microsoft.com',
      contentType: 'text/plain',
      excerpt: 'RBAC: access denied',
    })
    expect(read('', {})).toMatchObject({ contentType: null, excerpt: '' })
  })

  it.each([
    [
      '<html><head><style>b{}</style><title>Blocked</title></head><body><b>By policy</b></body></html>',
      'Blocked By policy',
    ],
    ['<script>let never = "ends"', ''],
    ['See https://proxy.contoso.com/block?u=ada or www.contoso.com.', 'See … or …'],
    ['Ask <it@contoso.com> or it.desk@contoso.com, please', 'Ask or …, please'],
    ['Client 10.1.2.3:8080 and 2001:db8::17 blocked', 'Client … and … blocked'],
    [`Token ${JWT} refused`, 'Token … refused'],
    ['Authorization: Bearer abc123 is not valid', 'Authorization: … is not valid'],
    ['{"access_token":"abc def","x_key": "short"}', '{"…,"…}'],
    [`Id ${'7'.repeat(32)} is kept, ${'7'.repeat(33)} is not`, `Id ${'7'.repeat(32)} is kept, … is not`],
    ['line\r\n\u202Etwo\u0000', 'line two'],
  ])('keeps of %j what names nobody and grants nothing', (text, excerpt) => {
    expect(read(text).excerpt).toBe(excerpt)
  })

  it('keeps 200 characters, also of a long page', () => {
    const { excerpt } = read('no '.repeat(400_000))
    expect(excerpt.length).toBe(200)
    expect(excerpt.endsWith('…')).toBe(true)
  })
})

function read(text: string, headers: Record<string, string> = {}) {
  return readGatewayAnswer({ status: 403, headers: new Headers(headers), text }, 'graph.microsoft.com')
}
