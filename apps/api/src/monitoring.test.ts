import { readFileSync } from 'node:fs'
import { beforeAll, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { useFixture } from './test-support/use-fixture.ts'

const Rules = z.object({
  groups: z.array(
    z.object({
      rules: z.array(
        z.object({ alert: z.string(), expr: z.string(), annotations: z.object({ runbook_url: z.string() }).loose() }),
      ),
    }),
  ),
})
const Dashboard = z.object({
  panels: z.array(z.object({ title: z.string(), targets: z.array(z.object({ expr: z.string() })) })),
})
const rules = Rules.parse(parse(read('deploy/prometheus/inforiver-mail.rules.yml'))).groups.flatMap(
  (group) => group.rules,
)
const panels = Dashboard.parse(JSON.parse(read('deploy/grafana/inforiver-mail.json'))).panels
const PARTS_OF_A_HISTOGRAM = ['bucket', 'sum', 'count']
const OPERATORS = new Set([
  'and',
  'or',
  'unless',
  'by',
  'without',
  'on',
  'ignoring',
  'group_left',
  'group_right',
  'bool',
])

const fixture = useFixture()
let offered: Set<string>
let info: string | undefined
let url: string
beforeAll(async () => {
  const environment = { ROLE: 'api', AZURE_CLIENT_SECRET_EXPIRES: '2027-05-01' }
  ;({ url } = await fixture.startProduct({ environment }))
  const text = await (await fetch(`${url}/metrics`)).text()
  info = /^inforiver_mail_info.*$/m.exec(text)?.[0]
  offered = new Set(
    [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].flatMap(([, name = '', type]) =>
      type === 'histogram' ? PARTS_OF_A_HISTOGRAM.map((part) => `${name}_${part}`) : [name],
    ),
  )
})

function read(path: string): string {
  return readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')
}

/** Every name in a PromQL expression that is neither a function, an operator nor a label. */
function metricsIn(expression: string): string[] {
  const bare = expression.replace(/"[^"]*"|\{[^}]*\}|\[[^\]]*\]|\b(?:by|without|on|ignoring)\s*\([^)]*\)/g, ' ')
  return [...bare.matchAll(/\b[a-z_]\w*\b(?!\s*\()/gi)].map(([name]) => name).filter((name) => !OPERATORS.has(name))
}

it.each(rules.map(({ alert, expr }) => [alert, expr]))('%s asks only for metrics that are there', (_, expr) => {
  const asked = metricsIn(expr)
  expect(asked).not.toEqual([])
  expect(asked.filter((name) => !offered.has(name))).toEqual([])
})

it.each(panels.map(({ title, targets }) => [title, targets]))(
  'the panel %s asks only for metrics that are there',
  (_, targets) => {
    const asked = targets.flatMap(({ expr }) => metricsIn(expr))
    expect(asked).not.toEqual([])
    expect(asked.filter((name) => !offered.has(name))).toEqual([])
  },
)

it('has an entry in the runbook for each alert, and no other', () => {
  const [, alerts = ''] = read('docs/runbook.md').split('\n## Alerts\n')
  const entries = [...(alerts.split('\n## ')[0] ?? '').matchAll(/^### (\w+)$/gm)].map(([, name = '']) => name)
  expect(entries.toSorted()).toEqual(rules.map(({ alert }) => alert).toSorted())
  const address =
    '{{ with query "last_over_time(inforiver_mail_info[7d])" }}{{ . | first | label "public_url" }}{{ end }}'
  const links = rules.map(({ alert }) => `${address}/docs/runbook#${alert.toLowerCase()}`)
  expect(rules.map(({ annotations }) => annotations.runbook_url)).toEqual(links)
  expect(info).toContain('public_url="http://localhost')
})

it('serves the runbook, and each document that it leads to, to whoever asks', async () => {
  const pages = new Map<string, string>()
  const links = new Set(['/docs/runbook#inforivermailabsent'])
  for (const link of links) {
    const [path = ''] = link.split('#')
    if (pages.has(path)) continue
    const answer = await fetch(`${url}${path}`)
    pages.set(path, answer.status === 200 ? await answer.text() : '')
    for (const [, next = ''] of (pages.get(path) ?? '').matchAll(/href="([^"]*)"/g))
      if (/^(#|\/docs\/[^.]*$)/.test(next)) links.add(next.startsWith('#') ? `${path}${next}` : next)
  }
  expect([...pages.keys()]).toContain('/docs/decisions/0033-a-migration-says-who-can-use-its-database')
  const broken = [...links].filter((link) => {
    const [path = '', id] = link.split('#')
    return pages.get(path) === '' || (id !== undefined && !pages.get(path)?.includes(` id="${id}"`))
  })
  expect(broken).toEqual([])
  expect((await fetch(`${url}/docs/..%2FCONTRIBUTING`)).status).toBe(404)
  expect((await fetch(`${url}/docs/no-such-document`)).status).toBe(404)
})
