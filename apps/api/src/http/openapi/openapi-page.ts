import { STATUS_CODES } from 'node:http'
import { escapeHtml } from '../html.ts'
import { docsPage } from './docs-page.ts'
import type { ApiDocument, ApiOperation } from './openapi-document.ts'
import { SCHEMAS, type ApiContent, type ApiParameter, type ApiResponse, type ApiSchema } from './openapi-schemas.ts'

// The page /docs: the document as plain HTML, without a script, so that it works offline and in every browser.

interface Operation {
  readonly method: string
  readonly path: string
  readonly described: ApiOperation
}

export function documentationPage(document: ApiDocument): string {
  const { info, tags, paths, components } = document
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]): Operation => ({
      method: method.toUpperCase(),
      path,
      described,
    })),
  )
  const groups = tags
    .map(({ name, description }) => ({
      name,
      description,
      operations: operations.filter(({ described }) => described.tags[0] === name),
    }))
    .filter((group) => group.operations.length > 0)
  const schemas = Object.entries(components.schemas)
  const contents = `${groups.map(contentsOf).join('\n')}
<li><a href="#problems">Problems</a></li>
<li><a href="#schemas">Schemas</a></li>`
  const main = `<h1>API</h1>
<p>${escapeHtml(info.description)}</p>
${groups
  .map(
    (group) => `<section aria-labelledby="${idOf(group.name)}">
<h2 id="${idOf(group.name)}">${escapeHtml(group.name)}</h2>
<p>${escapeHtml(group.description)}</p>
${group.operations.map(operationOf).join('\n')}
</section>`,
  )
  .join('\n')}
<section aria-labelledby="problems">
<h2 id="problems">Problems</h2>
<p>Every failure is answered as <code>application/problem+json</code> (RFC 9457), a ${linkTo('Problem')}.</p>
${Object.entries(components.examples)
  .map(
    ([code, { description, value }]) => `<article aria-labelledby="problem-${code}">
<h3 id="problem-${code}"><code>${escapeHtml(code)}</code></h3>
<p>${escapeHtml(description)}</p>
${exampleOf(value)}
</article>`,
  )
  .join('\n')}
</section>
<section aria-labelledby="schemas">
<h2 id="schemas">Schemas</h2>
${schemas
  .map(
    ([name, schema]) => `<article aria-labelledby="schema-${name}">
<h3 id="schema-${name}">${name}</h3>
${schema.properties ? fieldsOf(schema) : `<p>${typeOf(schema)}</p>`}
</article>`,
  )
  .join('\n')}
</section>
`
  return docsPage({ title: 'API', link: '<a href="/openapi.json">openapi.json</a>', contents, main })
}

function idOf(tag: string): string {
  return `tag-${tag.toLowerCase().replaceAll(' ', '-')}`
}

function contentsOf({ name, operations }: { name: string; operations: readonly Operation[] }): string {
  const links = operations.map(
    ({ described: { operationId, summary } }) =>
      `<li><a href="#${operationId}">${escapeHtml(summary.replace(/\.$/, ''))}</a></li>`,
  )
  return `<li><a href="#${idOf(name)}">${escapeHtml(name)}</a><ul>${links.join('')}</ul></li>`
}

function operationOf({ method, path, described }: Operation): string {
  const { operationId, summary, description, parameters = [], requestBody, responses, security } = described
  const json = requestBody?.content['application/json']
  const answers = Object.entries(responses)
  const successes = answers.filter(([status]) => status < '300')
  const failures = answers.filter(([status]) => status >= '300')
  return `<article aria-labelledby="${operationId}">
<h3 id="${operationId}">${escapeHtml(summary)}</h3>
<p class="call"><b>${method}</b> <code>${escapeHtml(path)}</code></p>
<p>${escapeHtml(description)}</p>
<p>With ${security.map(credentialOf).join(' or ')}.</p>
${parameters.length > 0 ? `<h4>Parameters</h4>\n<ul class="fields">${parameters.map(parameterOf).join('')}</ul>` : ''}
${json ? `<h4>Body</h4>\n${contentOf(json)}` : ''}
${requestBody?.content['multipart/form-data'] ? '<p>Also <code>multipart/form-data</code>: the part <code>message</code> is this JSON, and each part <code>attachment</code> a file.</p>' : ''}
<details><summary>Example with curl</summary><pre>${escapeHtml(described['x-codeSamples'].map(({ source }) => source).join('\n'))}</pre></details>
<h4>Answers</h4>
${successes.map(successOf).join('\n')}
<ul class="fields">${failures.map(failureOf).join('')}</ul>
</article>`
}

function credentialOf({ serviceKey }: Readonly<Record<string, readonly string[]>>): string {
  return serviceKey
    ? `a service key that has the scope <code>${escapeHtml(serviceKey.join(', '))}</code>`
    : 'a session of the page'
}

function parameterOf({ name, in: place, required = false, description, example, schema }: ApiParameter): string {
  const kind = `${typeOf(schema)}, ${place}${required ? ', required' : ''}`
  return `<li><code>${escapeHtml(name)}</code> <span class="type">${kind}</span>${noteOf({ examples: [example], ...schema }, description)}</li>`
}

function contentOf({ schema, example }: ApiContent): string {
  const fields =
    schema.properties && Object.keys(schema.properties).length > 0 ? fieldsOf(schema) : `<p>${typeOf(schema)}</p>`
  return `${fields}\n${example === undefined ? '' : exampleOf(example)}`
}

function exampleOf(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2)
  return `<details><summary>Example</summary><pre>${escapeHtml(text)}</pre></details>`
}

function successOf([status, { description, headers = {}, content = {} }]: [string, ApiResponse]): string {
  const named = Object.entries(headers).map(
    ([name, header]) =>
      `<li><code>${escapeHtml(name)}</code> <span class="type">header</span>${noteOf({}, header.description)}</li>`,
  )
  return `<p><b>${status}</b> ${escapeHtml(description)}</p>
${named.length > 0 ? `<ul class="fields">${named.join('')}</ul>` : ''}
${Object.values(content).map(contentOf).join('\n')}`
}

function failureOf([status, { content = {} }]: [string, ApiResponse]): string {
  const codes = Object.values(content).flatMap(({ examples = {} }) => Object.keys(examples))
  const links = codes.map((code) => `<a href="#problem-${code}"><code>${escapeHtml(code)}</code></a>`)
  return `<li><b>${status}</b> ${STATUS_CODES[status] ?? ''}: ${links.join(', ')}</li>`
}

function fieldsOf({ properties = {}, required = [] }: ApiSchema): string {
  const fields = Object.entries(properties).map(([name, schema]) => {
    const kind = `${typeOf(schema)}${required.includes(name) ? '' : ', optional'}`
    return `<li><code>${escapeHtml(name)}</code> <span class="type">${kind}</span>${noteOf(schema)}</li>`
  })
  return `<ul class="fields">${fields.join('')}</ul>`
}

function noteOf(schema: ApiSchema, description = schema.description): string {
  const example = schema.examples?.find((each) => each !== null && typeof each !== 'boolean')
  const shown = typeof example === 'string' ? example : (JSON.stringify(example) ?? '')
  const isShown = shown.length <= 80 && !['', '[]', '{}'].includes(shown)
  return `${description ? `<br>${escapeHtml(description)}` : ''}${isShown ? ` <code>${escapeHtml(shown)}</code>` : ''}`
}

/** A type in words, with links to the named ones. */
function typeOf(schema: ApiSchema): string {
  const {
    $ref,
    type,
    enum: values,
    const: value,
    anyOf,
    oneOf,
    items,
    properties,
    additionalProperties,
    format,
  } = schema
  const alternatives = anyOf ?? oneOf
  if ($ref) return linkTo($ref.slice(SCHEMAS.length))
  if (alternatives) return alternatives.map(typeOf).join(' or ')
  if (values) return values.map((each) => `<code>${escapeHtml(JSON.stringify(each))}</code>`).join(', ')
  if (value !== undefined) return `<code>${escapeHtml(JSON.stringify(value))}</code>`
  if (items) return `list of ${typeOf(items)}`
  if (properties && Object.keys(properties).length > 0)
    return `object with ${Object.entries(properties)
      .map(([name, each]) => `<code>${escapeHtml(name)}</code> (${typeOf(each)})`)
      .join(', ')}`
  if (typeof additionalProperties === 'object') return `${typeOf(additionalProperties)} by name`
  if (format === 'date-time') return 'time (ISO 8601)'
  if (type === undefined) return 'any'
  return typeof type === 'string' ? escapeHtml(type) : escapeHtml(type.join(' or '))
}

function linkTo(name: string): string {
  return `<a href="#schema-${name}">${escapeHtml(name)}</a>`
}
