import { expect, it } from 'vitest'
import { credentialExpiry } from './credential-expiry.ts'

const IDS = { tenantId: '11111111-2222-4333-8444-555555555555', clientId: '66666666-7777-4888-9999-aaaaaaaaaaaa' }
const SAID = new Date('2027-05-01T00:00:00.000Z')

it('takes the expiry of a client secret from the configuration', () => {
  const registration = { ...IDS, clientSecret: 'secret' }

  expect(credentialExpiry({ registration, clientSecretExpiresAt: SAID })).toEqual({ kind: 'secret', expiresAt: SAID })
  expect(credentialExpiry({ registration, clientSecretExpiresAt: null })).toEqual({ kind: 'secret', expiresAt: null })
})

it('takes the expiry of a certificate from the certificate, whatever is configured', () => {
  const validTo = new Date('2028-01-01T00:00:00.000Z')
  const certificate = { privateKey: 'key', thumbprintSha256: 'AA', validFrom: new Date(0), validTo }
  const registration = { ...IDS, clientCertificate: certificate }

  expect(credentialExpiry({ registration, clientSecretExpiresAt: SAID })).toEqual({
    kind: 'certificate',
    expiresAt: validTo,
  })
})

it('has no expiry for a federated credential, whatever is configured', () => {
  const registration = { ...IDS, federatedTokenFile: '/var/run/token' }

  expect(credentialExpiry({ registration, clientSecretExpiresAt: SAID })).toEqual({
    kind: 'federated',
    expiresAt: null,
  })
})
