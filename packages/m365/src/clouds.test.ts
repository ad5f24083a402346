import { describe, expect, it } from 'vitest'
import { acceptedIssuers, CLOUD_NAMES, cloudMismatch, CLOUDS, graphResource, microsoftUrlFault } from './clouds.ts'

const TENANT = '11111111-2222-4333-8444-555555555555'

describe('acceptedIssuers', () => {
  it.each([
    ['https://login.microsoftonline.com', 'https://login.microsoftonline.com'],
    ['https://login.microsoftonline.us', 'https://login.microsoftonline.us'],
    ['https://login.partner.microsoftonline.cn', 'https://login.partner.microsoftonline.cn'],
  ])('accepts only its own issuer behind %s', (host, issuer) => {
    expect(acceptedIssuers(host, TENANT)).toEqual([`${issuer}/${TENANT}/v2.0`])
  })

  it('accepts the issuer of China’s newer host behind the older one', () => {
    expect(acceptedIssuers('https://login.chinacloudapi.cn', TENANT)).toContain(
      `https://login.partner.microsoftonline.cn/${TENANT}/v2.0`,
    )
  })

  it('accepts the issuers of a stand-in and of Microsoft behind a stand-in', () => {
    const issuers = acceptedIssuers('http://127.0.0.1:3001/', TENANT)
    expect(issuers).toEqual(
      expect.arrayContaining([
        `http://127.0.0.1:3001/${TENANT}/v2.0`,
        `https://login.microsoftonline.com/${TENANT}/v2.0`,
      ]),
    )
  })
})

describe('microsoftUrlFault', () => {
  it.each([
    'https://login.microsoftonline.com',
    'https://graph.example.test:8443/base',
    'http://localhost:3001',
    'http://127.0.0.1:3001',
    'http://127.8.9.10',
    'http://[::1]:3001',
  ])('accepts %s', (url) => {
    expect(microsoftUrlFault(url)).toBeNull()
  })

  it.each([
    'http://login.microsoftonline.com',
    'http://127.0.0.1.example.test',
    'http://localhost.example.test',
    'http://10.0.0.1',
    'ftp://127.0.0.1',
    'login.microsoftonline.com',
    'https://user:secret@login.microsoftonline.com',
    'https://login.microsoftonline.com/?x=1',
    '',
  ])('refuses %s', (url) => {
    expect(microsoftUrlFault(url)).toEqual(expect.any(String))
  })
})

describe('CLOUDS', () => {
  it.each(CLOUD_NAMES)('accepts the hosts of %s, however they are written', (name) => {
    const { authorityHost, graphBaseUrl } = CLOUDS[name]

    expect(cloudMismatch(authorityHost, graphBaseUrl)).toBeNull()
    expect(cloudMismatch(`${authorityHost}/`, `${graphBaseUrl}/v1.0`)).toBeNull()
  })

  it.each([
    ['https://login.microsoftonline.us', 'https://graph.microsoft.com'],
    ['https://login.microsoftonline.com', 'https://dod-graph.microsoft.us'],
    ['https://login.chinacloudapi.cn', 'https://graph.microsoft.com'],
  ])('refuses %s with %s', (authorityHost, graphBaseUrl) => {
    expect(cloudMismatch(authorityHost, graphBaseUrl)).toContain('different clouds')
  })

  it('accepts any combination with a host that is not Microsoft’s', () => {
    expect(cloudMismatch('http://127.0.0.1:3001', 'https://graph.microsoft.com')).toBeNull()
    expect(cloudMismatch('https://login.microsoftonline.com', 'http://127.0.0.1:3001')).toBeNull()
  })
})

describe('graphResource', () => {
  const GATEWAY = 'https://graph-gateway.contoso.com/v1.0'
  const CHINA = 'https://login.chinacloudapi.cn'
  const STAND_IN = 'http://127.0.0.1:3001'
  const SOVEREIGN = 'https://login.sovcloud-identity.fr'
  const OWN = 'https://graph.example.fr'

  it.each(CLOUD_NAMES)('is Graph of the named cloud behind a gateway: %s', (name) => {
    expect(graphResource(CLOUDS[name].authorityHost, GATEWAY, name)).toBe(CLOUDS[name].graphBaseUrl)
  })

  it.each(CLOUD_NAMES)('follows Microsoft’s own hosts when no cloud is named: %s', (name) => {
    const { authorityHost, graphBaseUrl } = CLOUDS[name]

    expect(graphResource(authorityHost, `${graphBaseUrl}/v1.0`)).toBe(graphBaseUrl)
  })

  it.each([
    ['of the sign-in host, when the named cloud has another', CHINA, GATEWAY, 'global', CLOUDS.china.graphBaseUrl],
    ['of the named cloud behind stand-ins', STAND_IN, STAND_IN, 'dod', CLOUDS.dod.graphBaseUrl],
    ['itself in a sovereign cloud that is not listed', SOVEREIGN, `${OWN}/v1.0`, undefined, OWN],
  ] as const)('is Graph %s', (_what, authorityHost, graphBaseUrl, name, expected) => {
    expect(graphResource(authorityHost, graphBaseUrl, name)).toBe(expected)
  })
})
