import fc from 'fast-check'

/** Sizes around the thresholds at which an attachment is kept in memory, cut into chunks, or stored in several. */
const ATTACHMENT_BYTES = [0, 1, 500, 65_536, 262_144, 540_000, 1_200_000]

const disposition = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom('form-data; name="attachment"; filename="a.pdf"', 'form-data; name="attachment"'),
  },
  fc.constantFrom(
    'form-data',
    "form-data; name=attachment; filename*=utf-8''%e2%82%ac",
    'form-data; name="attachment"; filename="../../a"',
    'form-data; name="attachment"; filename="a\\"b"',
    'form-data; name="other"',
    'form-data; name="message"',
    'attachment; filename="a"',
    `form-data; name="${'n'.repeat(5_000)}"`,
    "form-data; name=attachment; filename*=x''%zz",
  ),
)

const partHeader = fc.oneof(
  { weight: 6, arbitrary: fc.constant('') },
  fc.constantFrom(
    'content-type: application/pdf',
    'content-type: multipart/mixed; boundary=x',
    'content-type: \u0000',
    'content-transfer-encoding: base64',
    'content-transfer-encoding: 7bit',
    'content-length: 5',
    'x',
    ': x',
    `x-long: ${'x'.repeat(100_000)}`,
  ),
)

const contentBytes = fc.oneof(
  { weight: 6, arbitrary: fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)) },
  { weight: 2, arbitrary: fc.constantFrom(...ATTACHMENT_BYTES).map((size) => Buffer.alloc(size, 'a')) },
  fc.constantFrom('\r\n--', '\r\n--b', '\r\n--b\r', '--b--', '\r\n\r\n').map((text) => Buffer.from(text)),
)

const boundary = fc.oneof(
  { weight: 10, arbitrary: fc.constant('b') },
  fc.constantFrom('----WebKitFormBoundary7MA4YWxkTrZu0gW', 'b'.repeat(70), "a'()+_,-./:=?", 'b'.repeat(71), ' ', ''),
)

type Tokens = readonly Buffer[]

const tokenMutation: fc.Arbitrary<(tokens: Tokens) => Tokens> = fc.oneof(
  { weight: 8, arbitrary: fc.constant((tokens: Tokens) => tokens) },
  fc.nat(40).map((at) => (tokens: Tokens) => tokens.toSpliced(at % tokens.length, 1)),
  fc.nat(40).map((at) => (tokens: Tokens) => tokens.slice(0, 1 + (at % tokens.length))),
  fc
    .nat(40)
    .map(
      (at) => (tokens: Tokens) =>
        tokens.toSpliced(at % tokens.length, 0, tokens[at % tokens.length] ?? Buffer.alloc(0)),
    ),
  fc.tuple(fc.nat(40), fc.uint8Array({ maxLength: 40 })).map(
    ([at, bytes]) =>
      (tokens: Tokens) =>
        tokens.toSpliced(at % tokens.length, 1, Buffer.from(bytes)),
  ),
  fc.nat(100_000).map((at) => (tokens: Tokens) => {
    const whole = Buffer.concat(tokens)
    return [whole.subarray(0, at % (whole.length + 1))]
  }),
  fc
    .constantFrom(0, 102, 1_000)
    .map((count) => (tokens: Tokens) => [
      ...Array.from({ length: count }, () =>
        Buffer.from('--b\r\ncontent-disposition: form-data; name="attachment"\r\n\r\n\r\n'),
      ),
      ...tokens,
    ]),
)

/** A multipart body of a message and attachments, well-formed or broken in one place. */
export function multipartBody(message: fc.Arbitrary<Buffer>): fc.Arbitrary<{ contentType: string; body: Buffer }> {
  const attachment = fc.tuple(disposition, partHeader, contentBytes)
  return fc
    .tuple(message, fc.array(attachment, { maxLength: 3 }), boundary, tokenMutation, fc.boolean())
    .map(([json, attachments, separator, mutate, messageFirst]) => {
      const first = part(separator, 'form-data; name="message"', 'content-type: application/json', json)
      const others = attachments.flatMap(([attachmentDisposition, header, content]) =>
        part(separator, attachmentDisposition, header, content),
      )
      const parts = messageFirst ? [...first, ...others] : [...others, ...first]
      const tokens = mutate([...parts, Buffer.from(`--${separator}--`), Buffer.from('\r\n')])
      return { contentType: `multipart/form-data; boundary="${separator}"`, body: Buffer.concat(tokens) }
    })
}

function part(separator: string, disposition: string, header: string, content: Buffer): Buffer[] {
  return [
    Buffer.from(`--${separator}\r\n`),
    Buffer.from(`content-disposition: ${disposition}\r\n`),
    Buffer.from(header === '' ? '' : `${header}\r\n`),
    Buffer.from('\r\n'),
    content,
    Buffer.from('\r\n'),
  ]
}
