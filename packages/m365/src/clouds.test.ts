import { describe, expect, it } from 'vitest'
import { acceptedIssuers, authorityEndpoints, microsoftUrlFault } from './clouds.ts'

const TENANT = '11111111-2222-4333-8444-555555555555'

describe('authorityEndpoints', () => {
  it('follows the documented path shape', () => {
    expect(authorityEndpoints('https://login.microsoftonline.com', TENANT)).toEqual({
      authorization: `https://login.microsoftonline.com/${TENANT}/oauth2/v2.0/authorize`,
      token: `https://login.microsoftonline.com/${TENANT}/oauth2/v2.0/token`,
      keys: `https://login.microsoftonline.com/${TENANT}/discovery/v2.0/keys`,
      adminConsent: `https://login.microsoftonline.com/${TENANT}/v2.0/adminconsent`,
      issuer: `https://login.microsoftonline.com/${TENANT}/v2.0`,
    })
  })

  it('is the same with and without a trailing slash', () => {
    expect(authorityEndpoints('http://127.0.0.1:3001/', TENANT)).toEqual(
      authorityEndpoints('http://127.0.0.1:3001', TENANT),
    )
  })
})

describe('acceptedIssuers', () => {
  it.each([
    ['https://login.microsoftonline.com', 'https://login.microsoftonline.com'],
    ['https://login.microsoftonline.us', 'https://login.microsoftonline.us'],
    ['https://login.partner.microsoftonline.cn', 'https://login.partner.microsoftonline.cn'],
  ])('accepts behind %s only its own issuer', (host, issuer) => {
    expect(acceptedIssuers(host, TENANT)).toEqual([`${issuer}/${TENANT}/v2.0`])
  })

  it('accepts from the older host of China the issuer of the newer one', () => {
    expect(acceptedIssuers('https://login.chinacloudapi.cn', TENANT)).toContain(
      `https://login.partner.microsoftonline.cn/${TENANT}/v2.0`,
    )
  })

  it('accepts from a stand-in its own issuer and Microsoft’s', () => {
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
