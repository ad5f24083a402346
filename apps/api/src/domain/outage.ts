/** Why the database cannot be used. */
export type Outage = 'database-full' | 'database-read-only' | 'database-refuses' | 'database-away'
