/** A browser without a screen: it keeps cookies by host, follows redirects, and fills in the simulator's forms. */
export interface TestBrowser {
  /** A request as the page makes it: with cookies and our Origin. */
  call(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer>
  /** A navigation: redirects are followed. */
  open(url: string): Promise<Answer>
  /** Signs in through Microsoft's page. */
  signIn(account: string): Promise<Answer>
  /** Answers the page behind a consent URL; what it returns is our result page. */
  consent(consentUrl: string, account: string, decision?: 'Accept' | 'Cancel'): Promise<Answer>
  /** The last URL that led back to us, with what Microsoft put into it. */
  readonly lastReturn: string | null
}

export interface Answer {
  readonly status: number
  readonly url: string
  readonly headers: Headers
  readonly text: string
  /** The body as JSON. */
  readonly json: any // oxlint-disable-line typescript/no-explicit-any -- tests assert on its shape
}

const MAX_REDIRECTS = 10

export function createTestBrowser(publicUrl: string): TestBrowser {
  const jars = new Map<string, Map<string, string>>()
  let lastReturn: string | null = null

  async function request(url: string, init: RequestInit = {}): Promise<Answer> {
    const { host } = new URL(url)
    const jar = jars.get(host) ?? new Map<string, string>()
    jars.set(host, jar)
    const cookies = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(url, {
      ...init,
      redirect: 'manual',
      headers: { ...(init.headers as Record<string, string>), ...(cookies && { cookie: cookies }) },
    })
    for (const line of response.headers.getSetCookie()) keep(jar, line)
    const text = await response.text()
    return {
      status: response.status,
      url,
      headers: response.headers,
      text,
      get json() {
        return text === '' ? null : JSON.parse(text)
      },
    }
  }

  async function navigate(url: string, init: RequestInit = {}): Promise<Answer> {
    let answer = await request(url, {
      ...init,
      headers: { accept: 'text/html', ...(init.headers as Record<string, string>) },
    })
    for (let hop = 0; hop < MAX_REDIRECTS && answer.status >= 300 && answer.status < 400; hop++) {
      const target = new URL(answer.headers.get('location') ?? '', answer.url).href
      if (target.startsWith(`${publicUrl}/auth/microsoft/callback`)) lastReturn = target
      answer = await request(target, { headers: { accept: 'text/html' } })
    }
    return answer
  }

  /** Submits the page's form by the button that bears the text. */
  async function press(page: Answer, buttonText: string): Promise<Answer> {
    for (const [, attributes = '', content = ''] of page.text.matchAll(/<form([^>]*)>([\s\S]*?)<\/form>/g)) {
      const button = [...content.matchAll(/<button([^>]*)>([\s\S]*?)<\/button>/g)].find(([, , label = '']) =>
        label.includes(buttonText),
      )
      if (!button) continue
      const fields = new URLSearchParams()
      for (const [, input = ''] of content.matchAll(/<input([^>]*)>/g)) {
        if (attribute(input, 'type') === 'hidden') fields.append(attribute(input, 'name'), attribute(input, 'value'))
      }
      if (attribute(button[1] ?? '', 'name'))
        fields.append(attribute(button[1] ?? '', 'name'), attribute(button[1] ?? '', 'value'))
      return navigate(new URL(attribute(attributes, 'action'), page.url).href, {
        method: 'POST',
        body: fields.toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded', origin: new URL(page.url).origin },
      })
    }
    throw new Error(`There is no button "${buttonText}" on the page ${page.url}:\n${page.text}`)
  }

  async function answerMicrosoft(url: string, account: string, decision: 'Accept' | 'Cancel'): Promise<Answer> {
    const picked = await press(await navigate(url), account)
    return picked.text.includes('Permissions requested') ? press(picked, decision) : picked
  }

  return {
    call(method, path, body, headers = {}) {
      return request(`${publicUrl}${path}`, {
        method,
        ...(body !== undefined && { body: JSON.stringify(body) }),
        headers: { origin: publicUrl, ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      })
    },
    open: (url) => navigate(new URL(url, publicUrl).href),
    signIn: (account) => answerMicrosoft(`${publicUrl}/auth/sign-in`, account, 'Accept'),
    consent: (url, account, decision = 'Accept') => answerMicrosoft(url, account, decision),
    get lastReturn() {
      return lastReturn
    },
  }
}

function keep(jar: Map<string, string>, setCookie: string): void {
  const [pair = '', ...attributes] = setCookie.split(';')
  const [name = '', ...value] = pair.split('=')
  const expired = attributes.some((attribute) => /^\s*(max-age=0|expires=thu, 01 jan 1970)/i.test(attribute))
  if (expired) jar.delete(name.trim())
  else jar.set(name.trim(), value.join('='))
}

function attribute(tag: string, name: string): string {
  const value = tag.match(new RegExp(`\\b${name}="([^"]*)"`))?.[1] ?? ''
  return value
    .replaceAll('&amp;', '&')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
}
