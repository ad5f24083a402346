import { rawRequest } from './raw-request.ts'

/** A minimal browser: it keeps cookies per host, follows redirects, and submits the simulator's forms. */
export interface TestBrowser {
  /** Sends a request as the page does, with cookies and our Origin. A header of null is omitted. */
  call(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    body?: unknown,
    headers?: Record<string, string | null>,
  ): Promise<Answer>
  /** Navigates, following redirects. */
  open(url: string): Promise<Answer>
  /** Sends one request of a navigation, and returns a redirect. */
  visit(url: string, headers?: Record<string, string>): Promise<Answer>
  /** Signs in through Microsoft's page. */
  signIn(account: string, returnTo?: string): Promise<Answer>
  /** Answers Microsoft's page behind a consent URL, and returns our result page. */
  consent(consentUrl: string, account: string, decision?: 'Accept' | 'Cancel'): Promise<Answer>
  /** The same, but returns the URL that Microsoft redirects to, without opening it. */
  consentReturn(consentUrl: string, account: string, decision?: 'Accept' | 'Cancel'): Promise<string>
  /** The last URL with which Microsoft redirected back to us. */
  readonly lastReturn: string | null
  /** The cookies of our host. */
  readonly cookies: Map<string, string>
}

export interface Answer {
  readonly status: number
  readonly url: string
  readonly headers: Headers
  readonly text: string
  /** The parsed body. */
  readonly json: any // oxlint-disable-line typescript/no-explicit-any -- tests assert on its shape
}

const MAX_REDIRECTS = 10

interface Init {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string
}

/** `reachedAt`: the real address of `publicUrl`, if that is the name of a host that does not exist here. */
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

  /** Follows redirects, except to `stopAt`. */
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

  /** Submits the form whose button has this text. */
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
    const first = await navigate(url)
    // The page for an Entra administrator leads on to Microsoft's.
    const [, link] = /<p class="link"><a (href="[^"]*")/.exec(first.text) ?? []
    const page = link === undefined ? first : await navigate(attribute(link, 'href'))
    const picked = await press(page, account, stopAt)
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
