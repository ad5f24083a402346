const STATUS_INTERRUPTED = 130

/** Ends the process in the usual way when it is asked to stop: a database that it has started is stopped then. */
export function exitOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(STATUS_INTERRUPTED))
}
