import { gateway, type FaultAnswer } from './answers.ts'

const TEXT = { 'content-type': 'text/plain' }
const HTML = { 'content-type': 'text/html; charset=utf-8' }
const ENVOY = { ...TEXT, 'www-authenticate': 'Bearer realm="https://mesh.contoso.com/", error="invalid_token"' }
const PORTAL = { location: 'https://portal.hotel.example/login' }
const WELCOME =
  '<!DOCTYPE html><html><head><title>Welcome</title></head><body>Accept the terms to go online.</body></html>'

/** What proxies, firewalls, service meshes, API gateways and captive portals answer in Microsoft's place. */
export const GATEWAY_ANSWERS: readonly (readonly [name: string, title: string, answer: FaultAnswer])[] = [
  ['mesh-403', 'a service mesh: 403 RBAC: access denied', gateway(403, 'RBAC: access denied', TEXT)],
  ['mesh-401', 'a service mesh: 401 invalid_token', gateway(401, 'Jwt verification fails', ENVOY)],
  ['api-403', 'an API gateway: 403 {"message":"Forbidden"}', gateway(403, { message: 'Forbidden' })],
  ['api-403-error', 'an API gateway: 403 {"error":"Forbidden"}', gateway(403, { error: 'Forbidden' })],
  ['api-429', 'an API gateway: 429', gateway(429, { statusCode: 429, message: 'Rate limit is exceeded.' })],
  ['waf-403', 'a firewall: 403 with HTML', gateway(403, '<html><body>Request blocked.</body></html>', HTML)],
  ['proxy-413', 'a proxy: 413 with HTML', gateway(413, '<html><h1>413 Request Entity Too Large</h1></html>', HTML)],
  ['portal-200', 'a captive portal: 200 with HTML', gateway(200, WELCOME, HTML)],
  ['portal-202', 'a captive portal: 202 with HTML', gateway(202, WELCOME, HTML)],
  ['portal-302', 'a captive portal: 302', gateway(302, '', PORTAL)],
  ...[200, 201, 400, 403, 404, 405, 415, 421, 451].map(
    (status) => [`empty-${status}`, `${status} without a body`, gateway(status)] as const,
  ),
]
