import { generateKeyPairSync, sign } from 'node:crypto'

const TAG = { boolean: 0x01, integer: 0x02, bitString: 0x03, octetString: 0x04, oid: 0x06, utf8: 0x0c, utcTime: 0x17 }
const ECDSA_WITH_SHA256 = sequence(objectIdentifier('2a8648ce3d040302'))

const SHA256_WITH_RSA = sequence(objectIdentifier('2a864886f70d01010b'), Buffer.from([0x05, 0x00]))

interface PemPair {
  readonly certificate: string
  readonly privateKey: string
}

/** Makes a self-signed certificate for `localhost` and `127.0.0.1`, as PEM (RFC 5280 section 4.1). */
export function selfSignedCertificate(commonName = 'localhost'): PemPair {
  return selfSigned(commonName, { from: '200101000000Z', to: '491231235959Z' }, 'ec')
}

/** Makes a self-signed RSA certificate, as an app registration accepts it as a client credential. */
export function clientCertificate(
  validTo = new Date('2049-12-31T23:59:59Z'),
  validFrom = new Date('2020-01-01T00:00:00Z'),
): PemPair {
  return selfSigned('Inforiver Mail', { from: utcTime(validFrom), to: utcTime(validTo) }, 'rsa')
}

function selfSigned(commonName: string, valid: { from: string; to: string }, keyType: 'ec' | 'rsa'): PemPair {
  const { publicKey, privateKey } =
    keyType === 'ec'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 })
  const algorithm = keyType === 'ec' ? ECDSA_WITH_SHA256 : SHA256_WITH_RSA
  const name = sequence(der(0x31, sequence(objectIdentifier('550403'), der(TAG.utf8, Buffer.from(commonName)))))
  const unsigned = sequence(
    der(0xa0, der(TAG.integer, Buffer.from([2]))), // version 3
    der(TAG.integer, Buffer.from([1])),
    algorithm,
    name,
    sequence(der(TAG.utcTime, Buffer.from(valid.from)), der(TAG.utcTime, Buffer.from(valid.to))),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(subjectAltName(), isCertificateAuthority())),
  )
  const signature = der(TAG.bitString, Buffer.concat([Buffer.from([0]), sign('sha256', unsigned, privateKey)]))
  const encoded = sequence(unsigned, algorithm, signature).toString('base64')
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${encoded.match(/.{1,64}/g)?.join('\n')}\n-----END CERTIFICATE-----\n`,
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

/** Formats a date as YYMMDDHHMMSSZ. */
function utcTime(at: Date): string {
  return `${at.toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`
}

function subjectAltName(): Buffer {
  const names = sequence(der(0x82, Buffer.from('localhost')), der(0x87, Buffer.from([127, 0, 0, 1])))
  return sequence(objectIdentifier('551d11'), der(TAG.octetString, names))
}

function isCertificateAuthority(): Buffer {
  const yes = der(TAG.boolean, Buffer.from([0xff]))
  return sequence(objectIdentifier('551d13'), yes, der(TAG.octetString, sequence(yes)))
}

function objectIdentifier(hex: string): Buffer {
  return der(TAG.oid, Buffer.from(hex, 'hex'))
}

function sequence(...members: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(members))
}

function der(tag: number, content: Buffer): Buffer {
  const size = content.length
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 0xff]
  return Buffer.concat([Buffer.from([tag, ...length]), content])
}
