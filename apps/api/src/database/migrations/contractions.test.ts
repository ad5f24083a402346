import { expect, it } from 'vitest'
import { migrationNames, readMigration } from '../../test-support/migrations.ts'

/** Ends the name of a migration that removes only what the release before does not use any more. */
const CONTRACTS = '_contract'

/** What the release before could miss, or be refused. `KNOWN` stands for a table that it knows. */
const CONTRACTIONS = [
  /\bDROP (?!NOT NULL|SCHEMA)/,
  /\bRENAME\b/,
  /^ALTER TABLE \w+ ALTER .*\bTYPE\b/,
  /\bSET NOT NULL\b/,
  /^ALTER TABLE KNOWN ADD (?!.*\b(DEFAULT|GENERATED|\w*SERIAL)\b).*\bNOT NULL\b/,
  /^ALTER TABLE KNOWN ADD (CONSTRAINT|CHECK|UNIQUE|FOREIGN|PRIMARY|EXCLUDE)\b/,
  /^CREATE UNIQUE INDEX \w+ ON KNOWN\b/,
  /\bREFERENCES KNOWN\b(?!.*\bON DELETE (CASCADE|SET))/,
  /\bENABLE ROW LEVEL SECURITY\b/,
]

function contractionsIn(sql: string): string[] {
  const text = sql.replaceAll(/--.*$/gm, '').replaceAll(/["\s]+/g, (found) => (/\s/.test(found) ? ' ' : ''))
  const created = new Set(Array.from(text.matchAll(/\bCREATE TABLE (\w+)/g), ([, name]) => name))
  return text
    .split(';')
    .map((statement) =>
      statement
        .trim()
        .replaceAll(/(?<=(?:ALTER TABLE(?: ONLY)?|REFERENCES|UNIQUE INDEX \w+ ON) )(?!ONLY\b)\w+/g, (table) =>
          created.has(table) ? table : 'KNOWN',
        ),
    )
    .flatMap((statement) => {
      const [, table, clauses = ''] = /^(ALTER TABLE \w+) (.*)$/.exec(statement) ?? []
      return table === undefined ? [statement] : clauses.split(/, (?=ADD|ALTER|DROP)/).map((each) => `${table} ${each}`)
    })
    .filter((clause) => CONTRACTIONS.some((contraction) => contraction.test(clause)))
}

it.each([
  'DROP TABLE letters',
  'ALTER TABLE letters RENAME TO mail',
  'ALTER TABLE people ADD COLUMN town TEXT, DROP COLUMN age',
  'ALTER TABLE people ALTER COLUMN age TYPE bigint',
  'ALTER TABLE people ALTER COLUMN age DROP DEFAULT',
  'ALTER TABLE "people" ALTER COLUMN "nick" SET NOT NULL',
  'ALTER TABLE people ADD COLUMN town text NOT NULL, ADD COLUMN size text NOT NULL DEFAULT 1',
  'ALTER TABLE people ADD CONSTRAINT adult CHECK (age > 17)',
  'CREATE TABLE pets (owner text REFERENCES people)',
  'CREATE UNIQUE INDEX one_age ON people (age)',
  'ALTER TABLE people ENABLE ROW LEVEL SECURITY',
])('takes something from the release before: %s', (sql) => {
  expect(contractionsIn(sql)).toHaveLength(1)
})

it.each([
  'CREATE TABLE pets (id bigint PRIMARY KEY, owner text NOT NULL REFERENCES people ON DELETE CASCADE)',
  'CREATE TABLE pets (id bigint); ALTER TABLE pets ADD CONSTRAINT named UNIQUE (id); CREATE UNIQUE INDEX one ON pets (id)',
  "ALTER TABLE people ADD COLUMN town text, ADD COLUMN size text NOT NULL DEFAULT 'small'",
  'ALTER TABLE people ALTER COLUMN name DROP NOT NULL, ALTER COLUMN nick SET DEFAULT 1',
  'CREATE INDEX people_age ON people (age)',
])('takes nothing from it: %s', (sql) => {
  expect(contractionsIn(sql)).toEqual([])
})

it(`is done by no migration, unless its name ends with ${CONTRACTS}`, async () => {
  const names = (await migrationNames()).filter((name) => !name.endsWith(CONTRACTS))
  const found = await Promise.all(names.map(async (name) => [name, contractionsIn(await readMigration(name))] as const))
  expect(found.filter(([, contractions]) => contractions.length > 0)).toEqual([])
})
