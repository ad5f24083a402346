/** Whose access a new connection sends with: a person's, or the application's own. */
export type GraphAuth = 'delegated' | 'application'
