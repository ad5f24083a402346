import type { FastifyReply } from 'fastify'
import { VERSION } from '../version.ts'

/** A plain page that the API serves itself, for results of sign-in and consent. Every value is escaped. */
export interface PlainPage {
  readonly title: string
  readonly paragraphs: readonly string[]
  /** Small print, such as a correlation id. */
  readonly note?: string | null
  readonly link?: { readonly href: string; readonly text: string }
  /** Data attributes of `main`, for the script. */
  readonly data?: Readonly<Record<string, string>>
  readonly script?: string
}

export function sendPage(reply: FastifyReply, status: number, page: PlainPage): FastifyReply {
  return reply.code(status).type('text/html; charset=utf-8').header('cache-control', 'no-store').send(render(page))
}

function render({ title, paragraphs, note, link, data = {}, script }: PlainPage): string {
  const attributes = Object.entries(data).map(([name, value]) => ` data-${name}="${escapeHtml(value)}"`)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)} - Inforiver Mail</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/plain-page.css">
${script ? `<script src="${escapeHtml(script)}" defer></script>` : ''}
</head>
<body>
<main${attributes.join('')}>
<h1>${escapeHtml(title)}</h1>
${paragraphs.map((text) => `<p>${linkify(text)}</p>`).join('\n')}
${note ? `<p><small>${escapeHtml(note)}</small></p>` : ''}
${link ? `<p><a href="${escapeHtml(link.href)}">${escapeHtml(link.text)}</a></p>` : ''}
</main>
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
