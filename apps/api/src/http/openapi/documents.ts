import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { FastifyPluginAsync } from 'fastify'
import type { Tokens } from 'marked'
import { escapeHtml } from '../html.ts'
import { docsPage } from './docs-page.ts'

const DIRECTORY = new URL('../../../../../docs/', import.meta.url)
/** Links between documents are resolved against it. */
const ROOT = new URL('http://documents/docs/')

/**
 * Serves the documents that come with the product as plain HTML, such as `/docs/runbook`, to whoever asks: the links of
 * alerts have to work in a network without internet.
 */
export const documents: FastifyPluginAsync = async (app) => {
  const paths = globSync('{,decisions/}*.md', { cwd: DIRECTORY }).map((path) => path.replaceAll('\\', '/'))
  const names = new Set(paths.map((path) => path.slice(0, -'.md'.length)))
  const pages = new Map<string, string>()
  app.get<{ Params: { '*': string } }>('/docs/*', async ({ params: { '*': name } }, reply) => {
    if (!names.has(name)) return reply.callNotFound()
    const page = pages.get(name) ?? (await render(name, names))
    pages.set(name, page)
    return reply.type('text/html; charset=utf-8').header('cache-control', 'no-cache').send(page)
  })
}

async function render(name: string, names: ReadonlySet<string>): Promise<string> {
  const { Marked } = await import('marked') // few ask for a document, and every start would load it
  const text = await readFile(new URL(`${name}.md`, DIRECTORY), 'utf8')
  const contents: string[] = []
  let title = name
  const body = new Marked({
    renderer: {
      html: () => '', // comments for whoever tests the document
      heading({ depth, text: heading, tokens }) {
        const [id, html] = [anchorOf(heading), this.parser.parseInline(tokens)]
        if (depth === 1) title = heading
        if (depth === 2) contents.push(`<li><a href="#${id}">${html}</a></li>`)
        return `<h${depth} id="${id}">${html}</h${depth}>\n`
      },
      link({ href, tokens }) {
        const html = this.parser.parseInline(tokens)
        const target = targetOf(href, name, names)
        return target === null ? html : `<a href="${escapeHtml(target)}">${html}</a>`
      },
      table({ header, rows }) {
        const cells = (row: readonly Tokens.TableCell[], tag: string) =>
          row.map(({ tokens }) => `<${tag}>${this.parser.parseInline(tokens)}</${tag}>`).join('')
        const lines = rows.map((row) => `<tr>${cells(row, 'td')}</tr>`).join('\n')
        return `<table>\n<thead><tr>${cells(header, 'th')}</tr></thead>\n<tbody>${lines}</tbody>\n</table>\n`
      },
    },
  }).parse(text, { async: false })
  return docsPage({ title, contents: contents.join('\n'), main: body })
}

/** As GitHub makes them, so that a link works in both places. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-')
}

/** Returns null for what the product does not serve, such as a file of the repository. */
function targetOf(href: string, from: string, names: ReadonlySet<string>): string | null {
  const url = new URL(href, new URL(`${from}.md`, ROOT))
  if (url.host !== ROOT.host) return href
  const path = url.pathname.replace(/\.md$/, '')
  return names.has(path.slice(ROOT.pathname.length)) ? `${path}${url.hash}` : null
}
