import { runProgram, type Programs } from './postgres-programs.ts'

export const DATABASE_NAME = 'inforiver_mail'
export const ROLE_NAME = 'inforiver_mail'
/** Every cluster has this superuser. It has no password, so it cannot log in. */
export const BOOTSTRAP_ROLE = 'inforiver_mail_bootstrap'

const TIMEOUT_MS = 120_000 // crash recovery comes first

/**
 * Creates the product's role and database in a cluster that is not running. The role is no superuser, has this password,
 * and owns its database. The operation is idempotent, and replaces a lost password. It uses PostgreSQL's single-user mode,
 * which asks for no password and does not listen.
 */
export async function prepareCluster(programs: Programs, directory: string, password: string): Promise<void> {
  const found = await runSql(programs, directory, [
    prepareRole(password),
    `SELECT datname FROM pg_database WHERE datname = '${DATABASE_NAME}'`,
  ])
  if (!found.includes(`"${DATABASE_NAME}"`))
    await runSql(programs, directory, [`CREATE DATABASE ${DATABASE_NAME} OWNER ${ROLE_NAME}`])
}

/** Whether the role that asks is the superuser, as version 1.0.0 made it. */
export const IS_SUPERUSER = 'SELECT rolsuper AS super FROM pg_roles WHERE rolname = current_user'

function prepareRole(password: string): string {
  return `DO $prepare$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${ROLE_NAME}') THEN
    CREATE ROLE ${ROLE_NAME};
  END IF;
  SET LOCAL password_encryption = 'scram-sha-256';
  ALTER ROLE ${ROLE_NAME} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD '${password}';
  ALTER ROLE ${BOOTSTRAP_ROLE} PASSWORD NULL;
END $prepare$`
}

/** Runs statements in single-user mode, each in its own transaction, until one fails. */
async function runSql(programs: Programs, directory: string, statements: readonly string[]): Promise<string> {
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
  return runProgram(programs, 'postgres', ['--single', '-j', '-D', directory, ...flags, 'postgres'], {
    timeoutMs: TIMEOUT_MS,
    input: statements.map((statement) => `${statement};\n\n`).join(''),
  })
}
