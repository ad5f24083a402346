import { beforeEach, describe, expect, it } from 'vitest'
import type { VisibleMessage } from '../mail/mailbox-view.ts'
import { mail, simulate, type Simulated } from '../test-support/simulated.ts'

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAYAAACNMs+9AAAAFUlEQVR42mP8z8BQz0AEYBxVSF+FABJADveWkH6oAAAAAElFTkSuQmCC'

async function page(simulated: Simulated, path: string): Promise<string> {
  return (await fetch(`${simulated.url}${path}`)).text()
}

async function receive(
  simulated: Simulated,
  change: Record<string, unknown>,
): Promise<{ path: string; message: VisibleMessage }> {
  const { access_token: token } = await simulated.signIn('ada')
  await simulated.sendMail(token, mail(change))
  const response = await simulated.control('GET', '/mailboxes/max@contoso.com/messages')
  const message = ((await response.json()) as { items: VisibleMessage[] }).items.at(-1)
  if (message === undefined) throw new Error('nothing arrived')
  return { path: `/mailboxes/max@contoso.com/messages/${encodeURIComponent(message.id)}`, message }
}

const post = (path: string, form: Record<string, string>): Promise<Response> =>
  fetch(`${simulated.url}${path}`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: simulated.url },
    body: new URLSearchParams(form),
  })

let simulated: Simulated
beforeEach(async () => {
  simulated = await simulate()
})

describe('a message page', () => {
  it('shows who sent it on behalf of whom, its headers and its attachments with size and hash', async () => {
    await simulated.control('PUT', '/rights', {
      address: 'reports@contoso.com',
      person: 'ada@contoso.com',
      sendAs: false,
      sendOnBehalf: true,
    })
    const { path } = await receive(simulated, {
      from: { emailAddress: { address: 'reports@contoso.com' } },
      internetMessageHeaders: [{ name: 'x-report-id', value: '42' }],
      attachments: [{ '@odata.type': '#microsoft.graph.fileAttachment', name: 'a.txt', contentBytes: 'YWJj' }],
    })
    const text = await page(simulated, path)
    expect(text).toContain('Ada Admin &lt;ada@contoso.com&gt; on behalf of Contoso Reports')
    expect(text).toContain('<dt>x-report-id</dt>')
    expect(text).toContain('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  })

  it('shows HTML only in a frame without scripts', async () => {
    const { path } = await receive(simulated, { body: { contentType: 'html', content: '<b>bold</b>' } })
    expect(await page(simulated, path)).toContain('sandbox=""')
    const body = await fetch(`${simulated.url}${path}/body`)
    expect(await body.text()).toContain('<b>bold</b>')
    expect(body.headers.get('content-security-policy')).toContain("sandbox; default-src 'none'")
  })

  it('resolves inline images to the message’s own attachments, and offers HTML for download and never as a page', async () => {
    const file = { '@odata.type': '#microsoft.graph.fileAttachment' }
    const logo = { ...file, name: 'logo.png', contentType: 'image/png', contentBytes: PNG, isInline: true }
    const { path, message } = await receive(simulated, {
      body: { contentType: 'html', content: '<img src="cid:logo">' },
      attachments: [
        { ...logo, contentId: 'logo' },
        { ...file, name: 'ä".html', contentType: 'text/html', contentBytes: 'YWJj' },
      ],
    })
    const [image = '', html = ''] = message.attachments.map(
      ({ id }) => `${simulated.url}${path}/attachments/${encodeURIComponent(id)}`,
    )
    expect(await page(simulated, `${path}/body`)).toBe(`<img src="${image}">`)
    const shown = await fetch(image)
    expect(shown.headers.get('content-type')).toBe('image/png')
    expect(Buffer.from(await shown.arrayBuffer()).toString('base64')).toBe(PNG)
    const { headers } = await fetch(html)
    expect(headers.get('content-type')).toBe('application/octet-stream')
    expect(headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''%C3%A4%22.html")
  })
})

describe('the switches', () => {
  it('turn a scenario on and off', async () => {
    await post('/scenarios', { name: 'send-503', times: 'always' })
    const { active } = await simulated.read<{
      active: { id: string; name: string }[]
    }>('/scenarios')
    expect(active).toMatchObject([{ name: 'send-503', times: 'always' }])
    await post('/scenarios/off', { id: active[0]?.id ?? '' })
    expect(await simulated.read('/scenarios')).toMatchObject({ active: [] })
  })
})
