import { describe, expect, it } from 'vitest'
import { isFromGraph } from './is-from-graph.ts'

const ENVOY = { 'www-authenticate': 'Bearer realm="https://mesh.contoso.com", error="invalid_token"' }
const CHALLENGE = 'authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"'
const GRAPHS_ID = 'client_id="00000003-0000-0000-c000-000000000000"'

describe('isFromGraph', () => {
  it.each<[string, number, string, Record<string, string>, boolean]>([
    ['its error object', 403, '{"error":{"code":"ErrorAccessDenied","message":""}}', {}, true],
    ['an error object with an empty code', 403, '{"error":{"code":""}}', {}, true],
    ['its request-id', 400, '', { 'request-id': '6f1c' }, true],
    ['the trace of its gateway', 404, '', { 'X-MS-AGS-Diagnostic': '{"ServerInfo":{}}' }, true],
    ['its challenge', 401, '', { 'www-authenticate': `Bearer realm="", ${CHALLENGE}` }, true],
    ['a challenge with its id', 401, '', { 'www-authenticate': `Basic realm="x", Bearer ${GRAPHS_ID}` }, true],
    ['the text of a service mesh', 403, 'RBAC: access denied', { 'content-type': 'text/plain' }, false],
    ['the JSON of a gateway', 403, '{"message":"Forbidden"}', { 'content-type': 'application/json' }, false],
    ['an error that is a text', 403, '{"error":"Forbidden"}', {}, false],
    ['a code that is a number', 403, '{"error":{"code":403,"message":"Forbidden"}}', {}, false],
    ['a page', 403, '<html>Blocked</html>', { 'content-type': 'text/html' }, false],
    ['nothing', 404, '', {}, false],
    ['the id of another request', 403, '', { 'x-request-id': '6f1c' }, false],
    ['the challenge of Envoy', 401, 'Jwt verification fails', ENVOY, false],
    ['a challenge of Basic', 401, '', { 'www-authenticate': `Basic ${CHALLENGE}` }, false],
    ['its challenge with another status', 403, '', { 'www-authenticate': `Bearer ${CHALLENGE}` }, false],
  ])('recognises Graph, or something in between, by %s', (_what, status, text, headers, expected) => {
    expect(isFromGraph(reply({ status, text, headers: new Headers(headers) }))).toBe(expected)
  })

  it.each([
    [4_000_000, true],
    [3_999_999, false],
  ])('takes a 413 without a mark to %i bytes for Graph’s: %s', (requestBytes, expected) => {
    expect(isFromGraph(reply({ status: 413, requestBytes }))).toBe(expected)
  })
})

function reply(members: Partial<Parameters<typeof isFromGraph>[0]>) {
  return { requestBytes: 0, status: 400, text: '', headers: new Headers(), ...members } as const
}
