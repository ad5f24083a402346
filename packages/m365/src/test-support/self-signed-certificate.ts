import { generateKeyPairSync, sign } from 'node:crypto'

const TAG = { boolean: 0x01, integer: 0x02, bitString: 0x03, octetString: 0x04, oid: 0x06, utf8: 0x0c, utcTime: 0x17 }
const ECDSA_WITH_SHA256 = sequence(objectIdentifier('2a8648ce3d040302'))

/** A certificate that vouches for itself, for `localhost` and `127.0.0.1`, as PEM (RFC 5280 section 4.1). */
export function selfSignedCertificate(commonName = 'localhost'): {
  readonly certificate: string
  readonly privateKey: string
} {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const name = sequence(der(0x31, sequence(objectIdentifier('550403'), der(TAG.utf8, Buffer.from(commonName)))))
  const unsigned = sequence(
    der(0xa0, der(TAG.integer, Buffer.from([2]))), // version 3
    der(TAG.integer, Buffer.from([1])),
    ECDSA_WITH_SHA256,
    name,
    sequence(der(TAG.utcTime, Buffer.from('200101000000Z')), der(TAG.utcTime, Buffer.from('491231235959Z'))),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(subjectAltName(), isCertificateAuthority())),
  )
  const signature = der(TAG.bitString, Buffer.concat([Buffer.from([0]), sign('sha256', unsigned, privateKey)]))
  const encoded = sequence(unsigned, ECDSA_WITH_SHA256, signature).toString('base64')
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${encoded.match(/.{1,64}/g)?.join('\n')}\n-----END CERTIFICATE-----\n`,
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
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
