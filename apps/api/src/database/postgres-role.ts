import { runProgram, type Programs } from './postgres-programs.ts'

export const DATABASE_NAME = 'inforiver_mail'
export const ROLE_NAME = 'inforiver_mail'
/** Every cluster has this superuser. It has no password, so it cannot log in. */
export const BOOTSTRAP_ROLE = 'inforiver_mail_bootstrap'
const BOOTSTRAP_ROLE_ID = 10 // the same in every cluster of every version

const TIMEOUT_MS = 120_000 // crash recovery comes first

/**
 * Creates the product's role and database in a cluster that is not running. The role is no superuser, has this password,
 * and owns its database and everything in it. The operation is idempotent. It also upgrades a cluster of version 1.0.0,
 * whose only role was the superuser, and replaces a lost password. It uses PostgreSQL's single-user mode, which asks for
 * no password and does not listen.
 */
export async function prepareCluster(programs: Programs, directory: string, password: string): Promise<void> {
  const found = await runSql(programs, directory, 'postgres', [
    prepareRole(password),
    `SELECT datname FROM pg_database WHERE datname = '${DATABASE_NAME}'`,
  ])
  if (found.includes(`"${DATABASE_NAME}"`)) await runSql(programs, directory, DATABASE_NAME, [TAKE_DATABASE])
  else await runSql(programs, directory, 'postgres', [`CREATE DATABASE ${DATABASE_NAME} OWNER ${ROLE_NAME}`])
}

/** Whether `prepareCluster` has nothing to do, asked by the role itself. */
export const IS_PREPARED = `SELECT NOT rolsuper AS prepared FROM pg_roles JOIN pg_database ON datdba = pg_roles.oid
  WHERE rolname = current_user AND datname = '${DATABASE_NAME}'`

function prepareRole(password: string): string {
  // A session cannot rename its own role, so a temporary superuser renames it.
  return `DO $prepare$
BEGIN
  IF (SELECT rolname FROM pg_roles WHERE oid = ${BOOTSTRAP_ROLE_ID}) = '${ROLE_NAME}' THEN
    CREATE ROLE inforiver_mail_rename SUPERUSER;
    SET SESSION AUTHORIZATION inforiver_mail_rename;
    ALTER ROLE ${ROLE_NAME} RENAME TO ${BOOTSTRAP_ROLE};
    SET SESSION AUTHORIZATION ${BOOTSTRAP_ROLE};
    DROP ROLE inforiver_mail_rename;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${ROLE_NAME}') THEN
    CREATE ROLE ${ROLE_NAME};
  END IF;
  SET LOCAL password_encryption = 'scram-sha-256';
  ALTER ROLE ${ROLE_NAME} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD '${password}';
  ALTER ROLE ${BOOTSTRAP_ROLE} PASSWORD NULL;
END $prepare$`
}

/**
 * Gives everything that the superuser owns to the product's role. REASSIGN OWNED cannot do it, because the system depends
 * on the superuser. Indexes and the sequences of columns follow their tables.
 */
const TAKE_DATABASE = `DO $take$
DECLARE
  command text;
BEGIN
  FOR command IN
    WITH schemas AS (
      SELECT oid, nspname, nspowner FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
    )
    SELECT format('ALTER SCHEMA %I', nspname) FROM schemas WHERE nspowner = ${BOOTSTRAP_ROLE_ID}
    UNION ALL
    SELECT format('ALTER TABLE %s', c.oid::regclass) FROM pg_class c JOIN schemas ON schemas.oid = relnamespace
     WHERE relowner = ${BOOTSTRAP_ROLE_ID} AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND NOT EXISTS (
       SELECT FROM pg_depend
        WHERE classid = 'pg_class'::regclass AND objid = c.oid AND relkind = 'S' AND deptype IN ('a', 'i'))
    UNION ALL
    SELECT format('ALTER ROUTINE %s', p.oid::regprocedure) FROM pg_proc p JOIN schemas ON schemas.oid = pronamespace
     WHERE proowner = ${BOOTSTRAP_ROLE_ID}
    UNION ALL
    SELECT format('ALTER TYPE %s', t.oid::regtype) FROM pg_type t JOIN schemas ON schemas.oid = typnamespace
     WHERE typowner = ${BOOTSTRAP_ROLE_ID} AND typtype IN ('e', 'd', 'r')
  LOOP
    EXECUTE command || ' OWNER TO ${ROLE_NAME}';
  END LOOP;
  ALTER DATABASE ${DATABASE_NAME} OWNER TO ${ROLE_NAME};
END $take$`

/** Runs statements in single-user mode, each in its own transaction, until one fails. */
async function runSql(
  programs: Programs,
  directory: string,
  database: string,
  statements: readonly string[],
): Promise<string> {
  const settings = {
    exit_on_error: 'on',
    search_path: 'pg_catalog',
    log_min_error_statement: 'panic', // a statement holds the password
    log_statement: 'none',
    log_checkpoints: 'off',
    logging_collector: 'off',
  }
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  // With -j a statement ends at a semicolon that an empty line follows.
  return runProgram(programs, 'postgres', ['--single', '-j', '-D', directory, ...flags, database], {
    timeoutMs: TIMEOUT_MS,
    input: statements.map((statement) => `${statement};\n\n`).join(''),
  })
}
