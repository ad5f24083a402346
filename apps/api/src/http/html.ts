import type { ConsentProblem } from '@inforiver-mail/contract/consent-problem'
import { plainPages as german } from '@inforiver-mail/contract/language/de/plain-pages'
import { plainPages as english } from '@inforiver-mail/contract/language/en/plain-pages'
import type { PageText, PlainPageTexts } from '@inforiver-mail/contract/plain-page'
import type { Values } from '@inforiver-mail/contract/values'
import { fillIn } from '@inforiver-mail/contract/wording'
import type { FastifyReply } from 'fastify'
import { VERSION } from '../runtime/version.ts'

/** A plain page that the API serves itself, for results of sign-in and consent. Every value is escaped. */
export interface PlainPage {
  readonly title: PageText
  readonly paragraphs: readonly PageText[]
  /** Small print, such as a correlation id. */
  readonly note?: PageText | null
  readonly link?: { readonly href: string; readonly text: PageText }
  /** A list below the paragraphs; the mark becomes a class. */
  readonly items?: readonly { readonly text: PageText; readonly mark: string }[]
  /** Lines to copy, below the link. */
  readonly command?: { readonly before: PageText; readonly text: string }
  /** Data attributes of `main`, for the script. */
  readonly data?: Readonly<Record<string, string>>
  readonly script?: string
  /** What the texts with a `part` are worded from. With it, a script words the page in the language chosen on the page. */
  readonly values?: Values
}

const LANGUAGE_SCRIPT = '/plain-page-language.js'

export function sendPage(reply: FastifyReply, status: number, page: PlainPage): FastifyReply {
  const language = readLanguage(reply.request.headers['accept-language'])
  return reply
    .code(status)
    .type('text/html; charset=utf-8')
    .header('cache-control', 'no-store')
    .send(render(page, language))
}

/** A text of these pages in each language. */
export function plainText(
  name: keyof typeof english,
  values: Values = {},
): { readonly en: string; readonly de: string } {
  return { en: fillIn(english[name], values), de: fillIn(german[name], values) }
}

/** What a page says of a refusal of Microsoft, with its correlation id as small print. */
export function refusalPage({
  title,
  detail,
  action,
  values,
  correlationId,
}: Pick<ConsentProblem, 'title' | 'detail' | 'action' | 'values' | 'correlationId'>) {
  return {
    title: { en: title, part: 'title' },
    paragraphs: [
      { en: detail, part: 'detail' },
      { en: action, part: 'action' },
    ],
    note: correlationId && plainText('correlation-id', { correlationId }),
    values,
  } as const satisfies PlainPage
}

type Language = 'en' | 'de'

/** The language that a browser prefers, by RFC 9110 section 12.5.4; English where it wants neither. */
export function readLanguage(header = ''): Language {
  const wanted = header.split(',').map((range) => {
    const [locale = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
    const weight = parameters.find((parameter) => parameter.startsWith('q='))
    return { language: locale.split('-')[0], weight: weight === undefined ? 1 : Number(weight.slice(2)) }
  })
  const best = (language: Language) =>
    Math.max(0, ...wanted.filter((range) => range.language === language).map(({ weight }) => weight || 0))
  return best('de') > best('en') ? 'de' : 'en'
}

function render(page: PlainPage, language: Language): string {
  const { title, paragraphs, items = [], note, link, command, data = {}, script, values } = page
  const texts: PlainPageTexts | undefined = values && {
    title,
    paragraphs,
    items: items.map(({ text }) => text),
    note: note ?? null,
    link: link?.text ?? null,
    command: command?.before ?? null,
    values,
  }
  const attributes = Object.entries({ ...data, ...(texts && { texts: JSON.stringify(texts) }) }).map(
    ([name, value]) => ` data-${name}="${escapeHtml(value)}"`,
  )
  const scripts = [script, values && LANGUAGE_SCRIPT].filter((path) => path !== undefined)
  const isInBoth = (text: PageText) => typeof text !== 'string' && 'de' in text
  const langOf = (text: PageText) => (isInBoth(text) || language === 'en' ? '' : ' lang="en"')
  function textOf(text: PageText): string {
    if (typeof text === 'string') return text
    return 'de' in text ? text[language] : text.en
  }
  const head = ['<link rel="stylesheet" href="/plain-page.css">', ...scripts.map(scriptOf)].join('\n')
  const body = `<main${attributes.join('')}>
<h1${langOf(title)}>${escapeHtml(textOf(title))}</h1>
${paragraphs.map((text) => `<p${langOf(text)}>${linkify(textOf(text))}</p>`).join('\n')}
${items.length > 0 ? `<ul>${items.map(({ text, mark }) => `<li class="${mark}"${langOf(text)}>${escapeHtml(textOf(text))}</li>`).join('')}</ul>` : ''}
${note ? `<p class="note"><small>${escapeHtml(textOf(note))}</small></p>` : ''}
${link ? `<p class="link"><a href="${escapeHtml(link.href)}">${escapeHtml(textOf(link.text))}</a></p>` : ''}
${command ? `<p class="command">${escapeHtml(textOf(command.before))}</p>\n<pre>${escapeHtml(command.text)}</pre>` : ''}
</main>`
  return htmlDocument({ language, title: textOf(title), head, body })
}

function scriptOf(path: string): string {
  return `<script src="${escapeHtml(path)}" defer></script>`
}

/** What every page has that the API renders itself. @param page its `head` and `body` are HTML */
export function htmlDocument(page: {
  readonly language: Language
  readonly title: string
  readonly head: string
  readonly body: string
}): string {
  const { language, title, head, body } = page
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)} - Inforiver Mail</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
${head}
</head>
<body>
${body}
<footer><small>Inforiver Mail ${VERSION}</small></footer>
</body>
</html>
`
}

/** Turns absolute URLs in a text into links. */
function linkify(text: string): string {
  return text
    .split(/(https?:\/\/[^\s<>"]+[^\s<>".,;:)])/)
    .map((part, index) =>
      index % 2 === 1 ? `<a href="${escapeHtml(part)}">${escapeHtml(part)}</a>` : escapeHtml(part),
    )
    .join('')
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}
