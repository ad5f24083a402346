import { beforeEach, expect, it } from 'vitest'
import { useAdminFixture } from '../test-support/admin-fixture.ts'
import { connectMailbox } from '../test-support/office365-smtp.ts'

const PAGE = '/auth/microsoft/admin-consent'
const GRACE = 'Grace Global'
const TRACE = 'ExchangeMessageTrace.Read.All'
const waits: number[] = []
beforeEach(() => void waits.splice(0))

const { fixture, product, ada, post, readConsent } = useAdminFixture({ waitForGrant: async (ms) => waits.push(ms) })

const registrationLists = (applicationPermissions: readonly string[]) =>
  fixture.microsoft.control('PATCH', '/settings', { applicationPermissions })

interface Shown {
  readonly status: number
  readonly title: string
  readonly paragraphs: readonly string[]
  readonly items: readonly string[]
  readonly scopes: readonly string[]
}

function read({ status, text }: { status: number; text: string }): Shown {
  const all = (pattern: RegExp) => [...text.matchAll(pattern)].map(([, content = '']) => content)
  const [link = ''] = all(/<p class="link"><a href="([^"]*)"/g)
  return {
    status,
    title: all(/<h1>(.*?)<\/h1>/g)[0] ?? '',
    paragraphs: all(/<p>(.*?)<\/p>/g),
    items: all(/<li [^>]*>(.*?)<\/li>/g),
    scopes: (new URL(link.replaceAll('&amp;', '&')).searchParams.get('scope') ?? '').split(' ').toSorted(),
  }
}

it('tells whoever opens it, signed out and without a script, what is missing for the trace, and holds no secret', async () => {
  await connectMailbox(ada, { fromEmail: 'reports@contoso.com' })

  const answer = await product.newBrowser().visit(`${PAGE}?trace=true`)

  const { title, paragraphs, items, scopes } = read(answer)
  expect(title).toBe('Permissions to approve')
  expect(paragraphs[0]).toMatch(`First: the app registration has to list ${TRACE}`)
  expect(items.map((item) => item.replace(/,.*/, ''))).toEqual([
    'Granted: Mail.Send (delegated)',
    'Granted: Mail.Send.Shared (delegated)',
    'Not needed now: Mail.ReadWrite (delegated)',
    'Not needed now: Mail.ReadWrite.Shared (delegated)',
    'Granted: User.Read (delegated)',
    `Missing: ${TRACE} (application)`,
  ])
  expect(answer.text).toContain(`<li class="missing">Missing: ${TRACE}`)
  expect(answer.text).toContain('New-MgServicePrincipal -AppId 8bd644d1-64a1-4d4b-ae52-2e0cbf64e373</pre>')
  expect(scopes).toEqual([expect.stringMatching(/\/\.default$/)])
  const { clientSecret = '-' } = product.config.registration
  for (const secret of [clientSecret, 'reports@contoso.com', 'ada@contoso.com'])
    expect(answer.text).not.toContain(secret)
})

it('words it in German for a browser that prefers it', async () => {
  const { text } = await product.newBrowser().visit(`${PAGE}?trace=true`, { 'accept-language': 'de' })

  expect(text).toContain('<html lang="de">')
  expect(text).toContain(`Fehlt: ${TRACE} (Anwendung), für die Nachrichtenablaufverfolgung`)
})

it('shows what an approval brought, where the registration lists the trace', async () => {
  await registrationLists([TRACE])
  await connectMailbox(ada, { fromEmail: 'reports@contoso.com' })

  const result = read(await product.newBrowser().consent(`${product.publicUrl}${PAGE}?trace=true`, GRACE))

  expect(result).toMatchObject({ status: 200, title: 'Approved' })
  expect(result.paragraphs[0]).toMatch(/^Tell the workspace admin/)
  expect(result.items.at(-1)).toMatch(`Granted: ${TRACE}`)
  expect(waits).toEqual([])
})

it('calls nothing missing that was approved just now', async () => {
  const result = read(await product.newBrowser().consent(`${product.publicUrl}${PAGE}`, GRACE))

  expect(result.title).toBe('Approved')
  expect(result.items.filter((item) => item.startsWith('Approved: '))).toEqual([
    'Approved: Mail.Send (delegated), to send mail',
    expect.stringMatching(/^Approved: Mail\.Send\.Shared /),
    expect.stringMatching(/^Approved: User\.Read /),
  ])
  expect(result.items.filter((item) => item.startsWith('Missing: '))).toEqual([])
})

it('says first that the registration lacks the trace, where an approval did not bring it', async () => {
  await registrationLists([])

  const result = read(await product.newBrowser().consent(`${product.publicUrl}${PAGE}?trace=true`, GRACE))

  expect(result.title).toBe('Approved, but a permission is missing')
  expect(result.paragraphs[0]).toMatch(`The app registration does not list ${TRACE}`)
  expect(result.items.at(-1)).toMatch(`Missing: ${TRACE}`)
  expect(waits).toEqual([2_000, 4_000]) // a token may lack at first what was just granted
})

it('explains a refusal of Microsoft, and offers to approve again', async () => {
  const result = read(await product.newBrowser().consent(`${product.publicUrl}${PAGE}?trace=true`, GRACE, 'Cancel'))

  expect(result.status).toBe(400)
  expect(result.items.at(-1)).toMatch(`Missing: ${TRACE}`)
  expect(result.scopes).toEqual([expect.stringMatching(/\/\.default$/)])
})

it('shows nothing of an answer that another browser asked for', async () => {
  const back = await product.newBrowser().consentReturn(`${product.publicUrl}${PAGE}?trace=true`, GRACE)

  const { text } = await product.newBrowser().open(back)

  expect(text).toContain('Back from Microsoft')
})

it('is what a switch of the trace links to that lacks its permission', async () => {
  await registrationLists([])
  await connectMailbox(ada, { fromEmail: 'reports@contoso.com' })
  const started = await post('delivery-reports', { trace: true })

  await ada.consent(started.json.consentUrl, GRACE)

  const { problem } = await readConsent(started)
  expect(problem.code).toBe('permission-missing')
  expect(problem.action).toContain(`${product.publicUrl}${PAGE}?trace=true`)
})
