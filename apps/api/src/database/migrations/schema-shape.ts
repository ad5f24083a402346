import type pg from 'pg'

/** What PostgreSQL's catalog says of a schema, as far as programs that read and write it depend on it. */
export interface SchemaShape {
  readonly relations: readonly { readonly name: string; readonly kind: string; readonly rowSecurity: boolean }[]
  readonly columns: readonly Column[]
  readonly constraints: readonly Constraint[]
  readonly uniqueIndexes: readonly UniqueIndex[]
  readonly triggers: readonly { readonly of: string; readonly name: string }[]
  readonly functions: readonly { readonly signature: string; readonly result: string }[]
  readonly enums: readonly { readonly name: string; readonly values: readonly string[] }[]
}

interface Column {
  readonly of: string
  readonly name: string
  readonly type: string
  readonly notNull: boolean
  /** Whether an INSERT may leave it out and gets a value: a default, an identity or a computed one. */
  readonly fillsItself: boolean
  /** Whether PostgreSQL computes it always, so that no program may write it. */
  readonly computed: boolean
}

/** Unique and primary keys are not among these: their indexes say the same. */
interface Constraint {
  readonly of: string
  readonly name: string
  readonly kind: 'check' | 'foreign-key' | 'exclusion'
  readonly columns: readonly string[]
  readonly definition: string
  /** The table that a foreign key refers to. */
  readonly refersTo: string | null
  /** Whether deleting the row that a foreign key refers to is refused. */
  readonly keepsReferred: boolean
}

interface UniqueIndex {
  readonly of: string
  readonly name: string
  readonly columns: readonly string[]
  readonly definition: string
}

// The subqueries around current_schema() have it looked up once, and not for every row of the catalog.
const READ = `
WITH relations AS (
  SELECT c.oid, c.relname AS name, c.relkind, c.relrowsecurity FROM pg_class c
   WHERE c.relnamespace = (SELECT current_schema()::regnamespace) AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c'))
SELECT json_build_object(
  'relations', (SELECT coalesce(json_agg(json_build_object('name', r.name, 'kind', r.relkind, 'rowSecurity', r.relrowsecurity)), '[]') FROM relations r),
  'columns', (
    SELECT coalesce(json_agg(json_build_object('of', r.name, 'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
             'notNull', a.attnotnull, 'fillsItself', a.atthasdef OR a.attidentity <> '',
             'computed', a.attgenerated <> '' OR a.attidentity = 'a')), '[]')
      FROM relations r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped WHERE r.relkind <> 'S'),
  'constraints', (
    SELECT coalesce(json_agg(json_build_object('of', r.name, 'name', k.conname,
             'kind', CASE k.contype WHEN 'c' THEN 'check' WHEN 'f' THEN 'foreign-key' ELSE 'exclusion' END,
             'columns', (SELECT coalesce(json_agg(a.attname), '[]') FROM pg_attribute a WHERE a.attrelid = r.oid AND a.attnum = ANY (k.conkey)),
             'definition', pg_get_constraintdef(k.oid),
             'refersTo', (SELECT f.relname FROM pg_class f WHERE f.oid = k.confrelid),
             'keepsReferred', k.contype = 'f' AND k.confdeltype IN ('a', 'r'))), '[]')
      FROM relations r JOIN pg_constraint k ON k.conrelid = r.oid AND k.contype IN ('c', 'f', 'x')),
  'uniqueIndexes', (
    SELECT coalesce(json_agg(json_build_object('of', r.name, 'name', c.relname,
             'columns', (SELECT coalesce(json_agg(a.attname), '[]') FROM pg_attribute a WHERE a.attrelid = r.oid AND a.attnum = ANY (i.indkey)),
             'definition', regexp_replace(pg_get_indexdef(i.indexrelid), ' WITH [(][a-z_]+=[^)]*[)]', ''))), '[]') -- how it is stored takes nothing away
      FROM relations r JOIN pg_index i ON i.indrelid = r.oid AND i.indisunique JOIN pg_class c ON c.oid = i.indexrelid),
  'triggers', (
    SELECT coalesce(json_agg(json_build_object('of', r.name, 'name', t.tgname)), '[]')
      FROM relations r JOIN pg_trigger t ON t.tgrelid = r.oid AND NOT t.tgisinternal),
  'functions', (
    SELECT coalesce(json_agg(json_build_object('signature', p.oid::regprocedure::text, 'result', pg_get_function_result(p.oid))), '[]')
      FROM pg_proc p WHERE p.pronamespace = (SELECT current_schema()::regnamespace)),
  'enums', (
    SELECT coalesce(json_agg(json_build_object('name', t.typname,
             'values', (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid))), '[]')
      FROM pg_type t WHERE t.typnamespace = (SELECT current_schema()::regnamespace) AND t.typtype = 'e')
) AS shape`

export async function readSchemaShape(client: pg.ClientBase): Promise<SchemaShape> {
  const { rows } = await client.query<{ shape: SchemaShape }>(READ)
  if (!rows[0]) throw new Error('The catalog could not be read.')
  return rows[0].shape
}

/**
 * Lists what a program written for `before` could miss, or be refused, in `after`: nothing if a migration only expands.
 * It does not judge what triggers and functions do.
 */
export function findContractions(before: SchemaShape, after: SchemaShape): string[] {
  return [
    ...relations(before, after),
    ...columns(before, after),
    ...constraints(before, after),
    ...uniqueIndexes(before, after),
    ...triggers(before, after),
    ...functions(before, after),
    ...enums(before, after),
  ]
}

function relations(before: SchemaShape, after: SchemaShape): string[] {
  const now = byKey(after.relations, ({ name }) => name)
  return before.relations.flatMap(({ name, kind, rowSecurity }) => {
    const relation = now.get(name)
    if (!relation) return [`drops or renames ${name}`]
    if (relation.kind !== kind) return [`makes something else of ${name}`]
    return relation.rowSecurity && !rowSecurity ? [`restricts the rows of ${name}`] : []
  })
}

function columns(before: SchemaShape, after: SchemaShape): string[] {
  const now = byKey(after.columns, nameOfColumn)
  const old = byKey(before.columns, nameOfColumn)
  const remaining = namesOf(after)
  const changed = before.columns.flatMap((column) => {
    const name = nameOfColumn(column)
    if (!remaining.has(column.of)) return []
    const changedTo = now.get(name)
    if (!changedTo) return [`drops or renames the column ${name}`]
    return [
      ...(changedTo.type === column.type
        ? []
        : [`changes the type of ${name} from ${column.type} to ${changedTo.type}`]),
      ...(changedTo.notNull && !column.notNull ? [`makes ${name} NOT NULL`] : []),
      ...(column.fillsItself && !changedTo.fillsItself ? [`drops the default of ${name}`] : []),
      ...(changedTo.computed && !column.computed ? [`makes ${name} a computed column`] : []),
    ]
  })
  const existed = namesOf(before)
  const added = after.columns
    .filter((column) => existed.has(column.of) && !old.has(nameOfColumn(column)))
    .filter(({ notNull, fillsItself }) => notNull && !fillsItself)
    .map((column) => `adds the column ${nameOfColumn(column)}, which is NOT NULL without a default`)
  return [...changed, ...added]
}

function constraints(before: SchemaShape, after: SchemaShape): string[] {
  const existed = namesOf(before)
  const old = byKey(before.constraints, nameOfConstraint)
  return after.constraints.flatMap((constraint) => {
    const { kind, refersTo, columns: of, definition } = constraint
    const name = nameOfConstraint(constraint)
    const was = old.get(name)
    if (was?.definition === definition) return []
    const faults =
      kind === 'foreign-key' && refersTo !== null && existed.has(refersTo) && constraint.keepsReferred
        ? [`keeps rows of ${refersTo} from being deleted, by the foreign key ${name}`]
        : []
    if (!existed.has(constraint.of)) return faults
    if (kind === 'check' && ((of.length > 0 && of.every(isNew(before, constraint.of))) || widens(was, constraint)))
      return faults
    if (kind === 'foreign-key' && of.every(isLeftOut(before, after, constraint.of))) return faults
    return [...faults, `${was ? 'changes' : 'adds'} the constraint ${name}: ${definition}`]
  })
}

/** Whether a check of a list of values takes all the values that it took before. */
function widens(was: Constraint | undefined, { definition }: Constraint): boolean {
  const [before, after] = [readValueList(was?.definition), readValueList(definition)]
  if (before === null || after === null || before.column !== after.column) return false
  return [...before.values].every((value) => after.values.has(value))
}

function readValueList(definition = ''): { column: string; values: Set<string> } | null {
  const { column, list } =
    /^CHECK \(\((?<column>[^ ]+) = ANY \(ARRAY\[(?<list>.*)\]\)\)\)$/.exec(definition)?.groups ?? {}
  const { single, value } =
    /^CHECK \(\((?<single>[^ ]+) = (?<value>'(?:[^']|'')*'::\w+)\)\)$/.exec(definition)?.groups ?? {}
  if (column !== undefined && list !== undefined)
    return { column, values: new Set(list.match(/'(?:[^']|'')*'::\w+/g) ?? []) }
  return single === undefined || value === undefined ? null : { column: single, values: new Set([value]) }
}

function uniqueIndexes(before: SchemaShape, after: SchemaShape): string[] {
  const existed = namesOf(before)
  const remaining = namesOf(after)
  const old = byKey(before.uniqueIndexes, nameOfConstraint)
  const now = byKey(after.uniqueIndexes, nameOfConstraint)
  const added = after.uniqueIndexes
    .filter((index) => existed.has(index.of) && old.get(nameOfConstraint(index))?.definition !== index.definition)
    .filter((index) => !index.columns.some(isLeftOut(before, after, index.of)))
    .map(({ definition }) => `refuses rows by a unique index: ${definition}`)
  // INSERT … ON CONFLICT needs them.
  const dropped = before.uniqueIndexes
    .filter((index) => remaining.has(index.of) && !now.has(nameOfConstraint(index)))
    .map((index) => `drops or renames the unique index ${nameOfConstraint(index)}`)
  return [...added, ...dropped]
}

function triggers(before: SchemaShape, after: SchemaShape): string[] {
  const now = byKey(after.triggers, nameOfConstraint)
  const remaining = namesOf(after)
  return before.triggers
    .filter((trigger) => remaining.has(trigger.of) && !now.has(nameOfConstraint(trigger)))
    .map((trigger) => `drops or renames the trigger ${nameOfConstraint(trigger)}`)
}

function functions(before: SchemaShape, after: SchemaShape): string[] {
  const now = byKey(after.functions, ({ signature }) => signature)
  return before.functions
    .filter(({ signature, result }) => now.get(signature)?.result !== result)
    .map(({ signature }) => `drops or changes the function ${signature}`)
}

function enums(before: SchemaShape, after: SchemaShape): string[] {
  const now = byKey(after.enums, ({ name }) => name)
  return before.enums.flatMap(({ name, values }) => {
    const kept = now.get(name)?.values ?? []
    return values.filter((value) => !kept.includes(value)).map((value) => `drops the value ${value} of ${name}`)
  })
}

/** Whether a column of a table is new. */
function isNew({ columns: old }: SchemaShape, of: string): (column: string) => boolean {
  return (column) => !old.some((each) => each.of === of && each.name === column)
}

/** Whether a column of a table is new and null in what a program writes that does not know it. */
function isLeftOut(before: SchemaShape, after: SchemaShape, of: string): (column: string) => boolean {
  const added = isNew(before, of)
  return (column) =>
    added(column) && after.columns.some((each) => each.of === of && each.name === column && !each.fillsItself)
}

function namesOf({ relations: all }: SchemaShape): ReadonlySet<string> {
  return new Set(all.map(({ name }) => name))
}

function nameOfColumn({ of, name }: Column): string {
  return `${of}.${name}`
}

function nameOfConstraint({ of, name }: { readonly of: string; readonly name: string }): string {
  return `${of}.${name}`
}

function byKey<Item>(items: readonly Item[], key: (item: Item) => string): ReadonlyMap<string, Item> {
  return new Map(items.map((item) => [key(item), item]))
}
