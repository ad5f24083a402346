import { rawRequest } from './raw-request.ts'

/** A browser without a screen: it keeps cookies by host, follows redirects, and fills in the simulator's forms. */
export interface TestBrowser {
  /** A request as the page makes it: with cookies and our Origin. A header that is null is left out. */
  call(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    body?: unknown,
    headers?: Record<string, string | null>,
  ): Promise<Answer>
  /** A navigation: redirects are followed. */
  open(url: string): Promise<Answer>
  /** One request of a navigation: a redirect is handed back. */
  visit(url: string, headers?: Record<string, string>): Promise<Answer>
  /** Signs in through Microsoft's page. */
  signIn(account: string, returnTo?: string): Promise<Answer>
  /** Answers the page behind a consent URL; what it returns is our result page. */
  consent(consentUrl: string, account: string, decision?: 'Accept' | 'Cancel'): Promise<Answer>
  /** The same, up to where Microsoft sends the browser back to us: that URL, not yet opened. */
  consentReturn(consentUrl: string, account: string, decision?: 'Accept' | 'Cancel'): Promise<string>
  /** The last URL that led back to us, with what Microsoft put into it. */
  readonly lastReturn: string | null
  /** The cookies for our host. */
  readonly cookies: Map<string, string>
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

interface Init {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string
}

/** `reachedAt`: where `publicUrl` leads to, when it is the name of a host that does not exist here. */
export function createTestBrowser(publicUrl: string, reachedAt = publicUrl): TestBrowser {
  const jars = new Map<string, Map<string, string>>()
  let lastReturn: string | null = null

  function jarOf(url: string): Map<string, string> {
    const { host } = new URL(url)
    const jar = jars.get(host) ?? new Map<string, string>()
    jars.set(host, jar)
    return jar
  }

  async function request(url: string, { headers, ...init }: Init = {}): Promise<Answer> {
    const jar = jarOf(url)
    const cookies = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const target = url.startsWith(`${publicUrl}/`) ? reachedAt + url.slice(publicUrl.length) : url
    const answer = await rawRequest(target, {
      ...init,
      headers: { host: new URL(url).host, ...headers, ...(cookies && { cookie: cookies }) },
    })
    for (const line of answer.headers.getSetCookie()) keep(jar, line)
    return {
      ...answer,
      url,
      get json() {
        return answer.text === '' ? null : JSON.parse(answer.text)
      },
    }
  }

  /** Follows redirects, but none that leads to `stopAt`. */
  async function navigate(url: string, { headers, ...init }: Init = {}, stopAt?: string): Promise<Answer> {
    let answer = await request(url, { ...init, headers: { accept: 'text/html', ...headers } })
    for (let hop = 0; hop < MAX_REDIRECTS && isRedirect(answer); hop++) {
      const target = new URL(answer.headers.get('location') ?? '', answer.url).href
      if (target.startsWith(`${publicUrl}/auth/microsoft/callback`)) lastReturn = target
      if (stopAt !== undefined && target.startsWith(stopAt)) return answer
      answer = await request(target, { headers: { accept: 'text/html' } })
    }
    return answer
  }

  /** Submits the page's form by the button that bears the text. */
  async function press(page: Answer, buttonText: string, stopAt?: string): Promise<Answer> {
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
      const form = {
        method: 'POST',
        body: fields.toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded', origin: new URL(page.url).origin },
      }
      return navigate(new URL(attribute(attributes, 'action'), page.url).href, form, stopAt)
    }
    throw new Error(`There is no button "${buttonText}" on the page ${page.url}:\n${page.text}`)
  }

  async function answerMicrosoft(
    url: string,
    account: string,
    decision: 'Accept' | 'Cancel',
    stopAt?: string,
  ): Promise<Answer> {
    const picked = await press(await navigate(url), account, stopAt)
    return picked.text.includes('Permissions requested') ? press(picked, decision, stopAt) : picked
  }

  return {
    call(method, path, body, headers = {}) {
      const type = body === undefined ? null : 'application/json'
      const sent = Object.entries({ origin: publicUrl, 'content-type': type, ...headers })
      return request(`${publicUrl}${path}`, {
        method,
        ...(body !== undefined && { body: JSON.stringify(body) }),
        headers: Object.fromEntries(sent.filter((header): header is [string, string] => header[1] !== null)),
      })
    },
    open: (url) => navigate(new URL(url, publicUrl).href),
    visit: (url, headers = {}) =>
      request(new URL(url, publicUrl).href, { headers: { accept: 'text/html', ...headers } }),
    signIn: (account, returnTo = '/') =>
      answerMicrosoft(`${publicUrl}/auth/sign-in?returnTo=${encodeURIComponent(returnTo)}`, account, 'Accept'),
    consent: (url, account, decision = 'Accept') => answerMicrosoft(url, account, decision),
    async consentReturn(url, account, decision = 'Accept') {
      const answer = await answerMicrosoft(url, account, decision, `${publicUrl}/auth/`)
      return new URL(answer.headers.get('location') ?? '', answer.url).href
    },
    get lastReturn() {
      return lastReturn
    },
    cookies: jarOf(publicUrl),
  }
}

function isRedirect({ status }: Answer): boolean {
  return status >= 300 && status < 400
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
