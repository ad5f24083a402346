import { afterAll, beforeAll, expect, it } from 'vitest'
import { postMultipart, type Part } from '../test-support/multipart.ts'
import { mailWith, readStored } from '../test-support/stored-attachments.ts'
import { createTestGround, type TestGround, type TestProduct } from '../test-support/test-product.ts'
import { createServiceClient, type ServiceClient } from '../test-support/test-service.ts'

let ground: TestGround
let product: TestProduct
let service: ServiceClient

beforeAll(async () => {
  ground = await createTestGround()
  product = await ground.startProduct({ environment: { ROLE: 'api' } })
  service = await createServiceClient(product)
})
afterAll(() => ground.close())

async function namesOf({ status, json }: { status: number; json: { id: string } }): Promise<string[]> {
  expect({ status, json }).toMatchObject({ status: 202 })
  return (await readStored(ground.database, product, json.id)).map(({ filename }) => filename)
}

const post = (...parts: Part[]) => postMultipart(product.publicUrl, service.key, [...mailWith([]), ...parts])
const part = (written: string): Part => ({ disposition: `name="attachment"; ${written}`, content: 'a' })

it.each([
  ['quotes as browsers write them', 'filename="a %22b%22.txt"', 'a "b".txt'],
  ['quotes with a backslash', String.raw`filename="a \"b\".txt"`, 'a "b".txt'],
  ['line breaks as browsers write them', 'filename="a%0D%0Ab.txt"', 'a_b.txt'],
  ['UTF-8 as it is', 'filename="日本語 – ü.txt"', '日本語 – ü.txt'],
  ['the form of RFC 8187', "filename*=UTF-8''%e2%82%ac%20rates.txt", '€ rates.txt'],
  ['the form of RFC 8187 in lower case, with a language', "filename*=utf-8'en'%C2%A3.txt", '£.txt'],
  ['the form of RFC 8187 in Latin-1', "filename*=iso-8859-1''%A3.txt", '£.txt'],
  ['no quotes', 'filename=q3.txt', 'q3.txt'],
  ['a path of Unix', 'filename="/home/ada/q3.txt"', 'q3.txt'],
  ['a path of Windows', String.raw`filename="C:\Reports\new\q3.txt"`, 'q3.txt'],
  ['a path in the form of RFC 8187', "filename*=UTF-8''..%2F..%5Cq3.txt", 'q3.txt'],
  ['letters from right to left', 'filename="تقرير.pdf"', 'تقرير.pdf'],
  ['a pretended ending', 'filename="invoice\u202excod.exe"', 'invoicexcod.exe'],
  ['a pretended ending in the form of RFC 8187', "filename*=UTF-8''invoice%E2%80%AExcod.exe", 'invoicexcod.exe'],
  ['255 characters', `filename="${'ü'.repeat(251)}.pdf"`, `${'ü'.repeat(251)}.pdf`],
  ['more than 255 characters', `filename="${'ü'.repeat(300)}.pdf"`, `${'ü'.repeat(251)}.pdf`],
  ['no name', 'filename=""', 'attachment-1'],
  ['a point', 'filename="."', 'attachment-1'],
  ['two points behind a path', 'filename="../.."', 'attachment-1'],
])('reads %s', async (_what, written, name) => {
  expect(await namesOf(await post(part(written)))).toEqual([name])
})

it.each(['quote " here', 'line\r\nbreak', '100% %22', 'Größe – 日本語.pdf', 'back\\slash'])(
  'reads %j as FormData writes it',
  async (name) => {
    const form = new FormData()
    form.append('message', mailWith([])[0]?.content.toString() ?? '')
    form.append('attachment', new File(['a'], `folder/${name}.txt`))

    // A percent sign is not encoded: %22 in a name cannot be told from a quote. And a backslash ends a path.
    const expected = name.replace('\r\n', '_').replace('%22', '"').replace(/^.*\\/, '')
    expect(await namesOf(await service.postForm('/api/v1/messages', form))).toEqual([`${expected}.txt`])
  },
)

it('gives attachments without a name a number each', async () => {
  const parts = ['filename=""', 'filename="b.txt"', ''].map(part)

  expect(await namesOf(await post(...parts))).toEqual(['attachment-1', 'b.txt', 'attachment-3'])
})

it('lets no name pretend another ending that the message gives', async () => {
  const attachments = [
    { filename: 'inside\u202excod.exe', content: 'YQ==' },
    { part: 0, filename: 'beside\u2067xcod.exe' },
    { part: 1, filename: '\u202e' },
  ]
  const [message] = mailWith([], { attachments })
  const answer = await postMultipart(product.publicUrl, service.key, [
    message as Part,
    part('filename="a"'),
    part('filename="b"'),
  ])

  expect(await namesOf(answer)).toEqual(['insidexcod.exe', 'besidexcod.exe', 'attachment-2'])
})
