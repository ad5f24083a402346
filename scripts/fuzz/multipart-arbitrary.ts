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
type Mutation = (tokens: Tokens, drawn: { readonly at: number; readonly bytes: Uint8Array }) => Tokens

const AS_IT_IS: Mutation = (tokens) => tokens
const MUTATIONS: readonly Mutation[] = [
  (tokens, { at }) => tokens.toSpliced(at % tokens.length, 1),
  (tokens, { at }) => tokens.slice(0, 1 + (at % tokens.length)),
  (tokens, { at }) => tokens.toSpliced(at % tokens.length, 0, ...tokens.slice(at % tokens.length).slice(0, 1)),
  (tokens, { at, bytes }) => tokens.toSpliced(at % tokens.length, 1, Buffer.from(bytes)),
  (tokens, { at }) => {
    const whole = Buffer.concat(tokens)
    return [whole.subarray(0, at % (whole.length + 1))]
  },
  (tokens, { at }) => [...Array.from({ length: at % 1_000 }, () => EMPTY_PART), ...tokens],
]
const EMPTY_PART = Buffer.from('--b\r\ncontent-disposition: form-data; name="attachment"\r\n\r\n\r\n')

const tokenMutation = fc
  .tuple(
    fc.oneof({ weight: 8, arbitrary: fc.constant(AS_IT_IS) }, { weight: 6, arbitrary: fc.constantFrom(...MUTATIONS) }),
    fc.record({ at: fc.nat(100_000), bytes: fc.uint8Array({ maxLength: 40 }) }),
  )
  .map(
    ([mutate, drawn]) =>
      (tokens: Tokens) =>
        mutate(tokens, drawn),
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
