import { htmlDocument } from '../html.ts'

/** A page of documentation as plain HTML, without a script, so that it works offline and in every browser. */
export function docsPage(page: {
  readonly title: string
  /** HTML at the top of the page. */
  readonly link?: string
  /** HTML: the items of the list of contents. */
  readonly contents: string
  /** HTML. */
  readonly main: string
}): string {
  const { title, link = '', contents, main } = page
  const body = `<header>
<a class="product" href="/"><img src="/favicon.svg" alt="" width="24" height="24">Inforiver Mail</a>
${link}
</header>
<nav aria-label="Contents">
<ul>
${contents}
</ul>
</nav>
<main>
${main}</main>`
  return htmlDocument({
    language: 'en',
    title,
    head: '<link rel="stylesheet" href="/docs/docs-page.css">',
    body,
  })
}
