import { expect, it } from 'vitest'
import { credentialExpiry } from './credential-expiry.ts'

const SAID = new Date('2027-05-01T00:00:00.000Z')

it('takes the expiry of a client secret from the configuration', () => {
  const credential = { clientSecret: 'secret' }

  expect(credentialExpiry({ credential, clientSecretExpiresAt: SAID })).toEqual({ kind: 'secret', expiresAt: SAID })
  expect(credentialExpiry({ credential, clientSecretExpiresAt: null })).toEqual({ kind: 'secret', expiresAt: null })
})

it('takes the expiry of a certificate from the certificate, whatever is configured', () => {
  const validTo = new Date('2028-01-01T00:00:00.000Z')
  const certificate = { privateKey: 'key', thumbprintSha256: 'AA', validFrom: new Date(0), validTo }
  const credential = { clientCertificate: certificate }

  expect(credentialExpiry({ credential, clientSecretExpiresAt: SAID })).toEqual({
    kind: 'certificate',
    expiresAt: validTo,
  })
})

it('has no expiry for a federated credential, whatever is configured', () => {
  const credential = { federatedTokenFile: '/var/run/token' }

  expect(credentialExpiry({ credential, clientSecretExpiresAt: SAID })).toEqual({
    kind: 'federated',
    expiresAt: null,
  })
})
