// Finds in a source which tables it writes, by SQL and by Prisma. It would rather find too much than too little: whatever
// it finds wrongly is seen at once, because a test compares all of it with a list.

export interface Model {
  /** As a property of the client: `queuedMessage` */
  readonly delegate: string
  /** `message_queue` */
  readonly table: string
  readonly body: string
}

/** Reads the models of a Prisma schema. */
export function modelsOf(schema: string): Model[] {
  return [...schema.matchAll(/^model (\w+) \{([\s\S]*?)^\}/gm)].map(([, name = '', body = '']) => ({
    delegate: name.charAt(0).toLowerCase() + name.slice(1),
    table: /@@map\("(\w+)"\)/.exec(body)?.[1] ?? '',
    body,
  }))
}

export interface Writes {
  /** Those of the schema only, sorted. */
  readonly tables: readonly string[]
  /** Statements and calls that do not say what they write until they run, such as `UPDATE ${table}`. */
  readonly computed: readonly string[]
}

/** What separates two words of SQL. */
const GAP = String.raw`(?:\s|--[^\n]*\n|/\*[\s\S]*?\*/)+`
const GAP_OR_QUOTE = `(?:${GAP}|(?=\\\\?"[\\w$]))`
const IDENTIFIER = String.raw`\\?"?[A-Za-z_]\w*\\?"?`
/** What the program puts there: `${table}`, `' + table`. */
const COMPUTED = String.raw`\\?"?\w*\$\{[^}]*\}|['"\x60]\s*\+\s*[\w.]*`
const TARGET = String.raw`(?:${IDENTIFIER}\s*\.\s*)?(?:${COMPUTED}|${IDENTIFIER})`
const TARGETS = `${TARGET}(?:(?:${GAP})?,(?:${GAP})?${TARGET})*`
const ONLY = `(?:${GAP_OR_QUOTE}ONLY\\b)?`

const VERB = [
  `INSERT${GAP}INTO`,
  `MERGE${GAP}INTO`,
  `DELETE${GAP}FROM`,
  'UPDATE',
  `TRUNCATE${GAP}TABLE`,
  String.raw`TRUNCATE(?!${GAP}TABLE\b)`,
].join('|')
const STATEMENT = new RegExp(`\\b(${VERB})${ONLY}${GAP_OR_QUOTE}(?!ONLY\\b)(${TARGETS})`, 'gi')
const COPY = new RegExp(`\\b(COPY)${GAP_OR_QUOTE}(${TARGET})(?:(?:${GAP})?\\([^)]*\\))?(?:${GAP}|(?<="))FROM\\b`, 'gi')

/** Also where a table is a later one of a list, as in FROM tenant_settings s, messages m. */
const BEFORE_TABLE = String.raw`\b(?:FROM|JOIN|USING|UPDATE|INTO|TABLE|TRUNCATE|ONLY|COPY)${GAP_OR_QUOTE}(?:${TARGET}(?:\s+\w+){0,2}\s*,\s*)*(?:(?:${IDENTIFIER}|${COMPUTED})\s*\.\s*)?\\?"?`

const WRITES = ['create', 'createMany', 'createManyAndReturn', 'update', 'updateMany', 'updateManyAndReturn', 'upsert']
const METHOD = [...WRITES, 'delete', 'deleteMany'].join('|')
const NESTED = [...WRITES, 'connectOrCreate', 'connect', 'disconnect', 'set', 'delete', 'deleteMany'].join('|')
const CLIENT = '(?:prisma|transaction|tx|trx|client|database|db)'
const READ = String.raw`\s*\??\.\s*(?:find\w+|count|aggregate|groupBy)\b`

/** Finds the tables that a source writes, and what writes without saying which. */
export function writesIn(source: string, models: readonly Model[]): Writes {
  const named = new Set<string>()
  const computed: string[] = []
  for (const pattern of [STATEMENT, COPY])
    for (const [, verb = '', targets = ''] of source.matchAll(pattern))
      for (const target of targets.split(',')) {
        if (/[$+]/.test(target)) computed.push(oneLine(`${verb} ${target}`))
        named.add(lastWord(target))
      }
  for (const { delegate, table } of models) if (callsOf(delegate).some((call) => call.test(source))) named.add(table)
  for (const { field, table } of relationsOf(models)) if (nestedIn(field).test(source)) named.add(table)
  for (const [access] of source.matchAll(new RegExp(String.raw`\b${CLIENT}\s*(?:\?\.)?\[\s*(?!['"]).*?\]`, 'g')))
    computed.push(oneLine(access))
  const tables = models.map(({ table }) => table).filter((table) => named.has(table))
  return { tables: tables.toSorted(), computed }
}

/** Leaves out what is said about the code. Comments of SQL stay. */
export function withoutComments(source: string): string {
  return source.replaceAll(/\/\*\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
}

/** Whether SQL of a source names a table, be it to read it or to write it. */
export function namesTable(source: string, table: string): boolean {
  return new RegExp(`${BEFORE_TABLE}${table}\\b|table: '${table}'`, 'i').test(source)
}

/** Whether a source reaches a model through a client. */
export function reachesModel(source: string, { delegate }: Model): boolean {
  return delegateOf(delegate).some((access) => access.test(source))
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim()
}

function lastWord(target: string): string {
  return /(\w+)\W*$/.exec(target)?.[1]?.toLowerCase() ?? ''
}

/** Calls of a delegate that write, whatever the client is called; and a delegate that leaves the client, which may write. */
function callsOf(delegate: string): RegExp[] {
  const property = String.raw`(?:\b${delegate}|\[\s*['"\x60]${delegate}['"\x60]\s*\])`
  return [
    new RegExp(String.raw`${property}\s*\??\.\s*(?:${METHOD})\s*(?:\?\.\s*)?[(<]`),
    ...delegateOf(delegate, `(?!${READ})`),
  ]
}

/** A delegate as a property of a client, or taken out of it. */
function delegateOf(delegate: string, behind = ''): RegExp[] {
  return [
    new RegExp(String.raw`\b${CLIENT}\s*\??\.\s*${delegate}\b${behind}`),
    new RegExp(String.raw`\b${CLIENT}\s*(?:\?\.)?\[\s*['"\x60]${delegate}['"\x60]\s*\]${behind}`),
    new RegExp(String.raw`\{[^{}]*\b${delegate}\b[^{}]*\}\s*=\s*(?:await\s+)?(?:\w+\s*\.\s*)*${CLIENT}\b(?!\s*\??\.)`),
  ]
}

/** The fields that lead from one model to another, with the table that writing through them changes. */
function relationsOf(models: readonly Model[]): { field: string; table: string }[] {
  const tables = new Map(models.map(({ delegate, table }) => [delegate.toLowerCase(), table]))
  return models.flatMap(({ body }) =>
    [...body.matchAll(/^\s+(\w+)\s+(\w+)(?:\[\]|\?)?(?:\s|$)/gm)].flatMap(([, field = '', type = '']) => {
      const table = tables.get(type.toLowerCase())
      return table === undefined ? [] : [{ field, table }]
    }),
  )
}

function nestedIn(field: string): RegExp {
  return new RegExp(String.raw`\b${field}['"]?\s*:\s*\{\s*['"]?(?:${NESTED})['"]?\s*[:,}]`)
}
