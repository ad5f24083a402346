import { generateKeyPairSync } from 'node:crypto'
import { expect, it } from 'vitest'
import { clientCertificate, selfSignedCertificate } from '../test-support/self-signed-certificate.ts'
import { readClientCertificate } from './client-credentials.ts'

const VALID_TO = new Date('2027-05-01T00:00:00Z')
const own = clientCertificate(VALID_TO)
const another = clientCertificate()

it('reads thumbprint and dates, whether the key or the certificate comes first', () => {
  const expected = {
    outcome: 'read',
    certificate: {
      thumbprintSha256: expect.stringMatching(/^[0-9A-F]{64}$/),
      validFrom: new Date('2020-01-01T00:00:00Z'),
      validTo: VALID_TO,
    },
  }
  expect(readClientCertificate(own.certificate + own.privateKey)).toMatchObject(expected)
  expect(readClientCertificate(own.privateKey + own.certificate)).toMatchObject(expected)
})

it('finds the certificate of the key in its chain', () => {
  const alone = readClientCertificate(own.privateKey + own.certificate)
  expect(readClientCertificate(another.certificate + own.certificate + own.privateKey)).toEqual(alone)
})

it('reads an expired certificate', () => {
  const expired = clientCertificate(new Date('2020-06-01T00:00:00Z'))
  expect(readClientCertificate(expired.certificate + expired.privateKey)).toMatchObject({ outcome: 'read' })
})

it('reads a PKCS #1 key', () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const older = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()
  expect(readClientCertificate(own.certificate + older)).toMatchObject({ fault: expect.stringMatching(/belongs/) })
})

const protectedKey = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'password' },
}).privateKey
const curve = selfSignedCertificate()

it.each([
  ['nothing', '', /no certificate/],
  ['a certificate alone', own.certificate, /no private key/],
  ['a key alone', own.privateKey, /no certificate/],
  ['a key of another certificate', own.certificate + another.privateKey, /belongs to its private key/],
  ['a key with a password', own.certificate + protectedKey, /password/],
  ['an elliptic curve', curve.certificate + curve.privateKey, /not RSA/],
  ['a damaged key', own.certificate + own.privateKey.replace(/\n[^\n]+\n/, '\nAAAA\n'), /cannot be read/],
])('refuses a file with %s', (_what, pem, fault) => {
  expect(readClientCertificate(pem)).toEqual({ outcome: 'unusable', fault: expect.stringMatching(fault) })
})

it('never quotes the file', () => {
  const reading = readClientCertificate(own.certificate + another.privateKey)
  expect(JSON.stringify(reading)).not.toContain(another.privateKey.split('\n')[1])
})
